"""A database of issue 3 gets the tables of the intake with what it holds, and goes back again."""

from domain.attachment import AttachmentKind
from store.engine import Store, open_store
from store.rows_desk import AttachmentRow
from store.rows_intake import NewInbound
from tests.integration.store_samples import NOW, report, report_no
from tests.integration.test_rulebook_migration import moved, opened


def test_reports_survive_the_way_there_and_back(store: Store, database_url: str) -> None:
    store.accept_many(reports=[report(1, caller="c" * 64, related=("T1",))])
    store.keep_many(
        messages=[NewInbound(source="s", channel="sensor", format="json", body=b"{}", received_at=NOW)]
    )
    store.add_attachment(
        row=AttachmentRow(
            id="0" * 32,
            report_no=report_no(1),
            source="s",
            kind=AttachmentKind.OTHER,
            media_type="image/png",
            size=1,
            digest="d",
            received_at=NOW,
        )
    )
    store.close()
    engine = opened(database_url)
    moved(engine, to="0004")
    moved(engine, to="0009")
    engine.dispose()
    again = open_store(database_url)
    kept = again.report(report_no=report_no(1))
    assert kept is not None
    assert (kept.caller, kept.related, kept.description) == ("", (), report(1).description)
    assert again.attachments_of(report_nos=[report_no(1)]) == []
    assert again.backlog().waiting == 0
    again.close()
