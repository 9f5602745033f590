"""A database of issue 2 becomes one of the rulebook with what it holds, and goes back again."""

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, bindparam, create_engine, event, inspect, text

from domain.views import NO_ASPECTS, CaseFilter
from store.codec import Utc
from store.engine import open_store
from store.migrate import alembic_config
from tests.integration.store_samples import NOW, case_no, record, report, report_no

CASE = text(
    "INSERT INTO cases (case_no, epoch, seq, status, open, category, severity, channel, owner, level, received_at,"
    " closed_at, lon, lat, reports) VALUES (:case_no, 1, 7, :status, :open, 'E0110', 3, 'phone', 'street-1', 3, :at,"
    " :closed_at, 114.27, 30.6, :reports)"
).bindparams(bindparam("at", type_=Utc), bindparam("closed_at", type_=Utc))
LINK = text("INSERT INTO case_links (kind, code, case_no) VALUES ('supervisor', 'boss', :case_no)")
MESSAGE = text(
    "INSERT INTO messages (case_no, epoch, seq, n, template, unit, context, at)"
    " VALUES (:case_no, 1, 1, 0, 'assignment', 'street-1', '{}', :at)"
).bindparams(bindparam("at", type_=Utc))
NEW_COLUMNS = {"parent", "repeat_of", "tags", "exempt", "task_units", "aspects"}


def opened(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys = ON").close())
    return engine


def moved(engine: Engine, *, to: str) -> None:
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        at = MigrationContext.configure(connection).get_current_revision() or ""
        (command.upgrade if to > at else command.downgrade)(config, to)


def filled(engine: Engine) -> None:
    with engine.begin() as connection:
        for n, status in ((1, "dispatched"), (2, "archived")):
            ended = status == "archived"
            values = {"case_no": case_no(n), "status": status, "open": not ended, "at": NOW}
            values |= {"closed_at": NOW if ended else None, "reports": f'["{report_no(n)}"]'}
            connection.execute(CASE, values)
            connection.execute(LINK, {"case_no": case_no(n)})
            connection.execute(MESSAGE, {"case_no": case_no(n), "at": NOW})


def test_cases_of_before_are_read_changed_and_found_by_the_new_program(empty_database_url: str) -> None:
    engine = opened(empty_database_url)
    moved(engine, to="0001")
    filled(engine)
    store = open_store(empty_database_url)
    store.migrate()

    old = store.case(case_no=case_no(1))
    assert old is not None
    assert (old.parent, old.repeat_of, old.tags, old.exempt, old.task_units) == (None, None, (), (), ())
    assert old.aspects == NO_ASPECTS
    assert (old.epoch, old.seq, old.reports) == (1, 7, (report_no(1),))
    assert len(store.list_cases(where=CaseFilter(supervisor="boss"), limit=9, cursor=None).cases) == 2
    near = store.closed_nearby(category="E0110", lon=114.27, lat=30.6, metres=9, since=NOW, until=NOW)
    assert [view.case_no for view in near] == [case_no(2)]

    store.record(record=record(1, seq=8, task_units=("dept-1",), tags=("summer",), parent=case_no(2)))
    new = store.case(case_no=case_no(1))
    assert new is not None
    assert (new.seq, new.task_units, new.tags, new.parent) == (8, ("dept-1",), ("summer",), case_no(2))
    found = store.list_cases(where=CaseFilter(task_unit="dept-1", parent=case_no(2)), limit=9, cursor=None)
    assert [view.case_no for view in found.cases] == [case_no(1)]
    store.close()
    engine.dispose()


@pytest.mark.parametrize("back_to", ["0002", "0001"])
def test_it_goes_back_and_forth_and_keeps_cases_reports_and_notices(
    empty_database_url: str, back_to: str
) -> None:
    engine = opened(empty_database_url)
    moved(engine, to="0001")
    filled(engine)
    store = open_store(empty_database_url)
    store.migrate()
    store.accept_many(reports=[report(3)])
    store.record(record=record(1, seq=8, task_units=("dept-1",)))
    with engine.begin() as connection:
        connection.execute(MESSAGE, {"case_no": "INS-1", "at": NOW})
    moved(engine, to=back_to)

    found = inspect(engine)
    assert not found.has_table("instructions")
    assert found.has_table("bursts") == (back_to == "0002")
    columns = {column["name"] for column in found.get_columns("cases")}
    assert NEW_COLUMNS & columns == (NEW_COLUMNS if back_to == "0002" else set())
    keys = found.get_foreign_keys("messages")
    assert [key["name"] for key in keys] == ["fk_messages_case_no_cases"]
    assert {index["name"] for index in found.get_indexes("messages")} >= {
        "ix_messages_unit_id", "ix_messages_report_no_id",
    }  # fmt: skip
    with engine.connect() as connection:
        numbers = connection.execute(text("SELECT case_no FROM messages ORDER BY case_no")).scalars().all()
        assert numbers == sorted([case_no(1), case_no(2)])
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 3

    store.migrate()
    again = store.case(case_no=case_no(1))
    assert again is not None
    assert again.seq == 8
    kept = store.report(report_no=report_no(3))
    assert kept is not None
    assert len(store.inbox_messages(unit="street-1", limit=9).messages) == 2
    store.close()
    engine.dispose()
