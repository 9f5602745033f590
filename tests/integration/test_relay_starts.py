"""The relay starts cases: one report that cannot be decided holds nobody up."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment

from boot.channels import renderer_of
from boot.relay import Relay
from boot.settings import Settings
from domain.place import ReportedPlace
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind
from tests.integration.store_samples import NOW, case_no, report
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway


@pytest.mark.temporal
async def test_one_undecidable_report_holds_nobody_up(
    store: Store, wuhan: Grounds, wuhan_settings: Settings, temporal_env: WorkflowEnvironment
) -> None:
    city = City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=temporal_env.client),
        now=lambda: NOW + timedelta(seconds=5),
        random_bits=lambda bits: bits,
    )
    relay = Relay(city=city, channels={}, renderer=renderer_of(wuhan_settings), public_url="")
    # The pack had a fax channel when the second report was accepted.
    store.accept_many(
        reports=[
            report(
                n,
                channel="fax" if n == 2 else "hotline",
                category="E0110",
                reported=ReportedPlace(lon=114.27 + 0.01 * n, lat=30.6),
            )
            for n in (1, 2, 3)
        ]
    )
    kinds = (OutboxKind.START_CASE,)
    rows = store.claim(kinds=kinds, limit=24, now=city.now(), worker="here", lease_s=30.0)
    assert len(rows) == 3

    with capture_logs() as logs:
        await relay._start(rows)

    assert [line["case_no"] for line in logs if line["event"] == "cannot start case"] == [case_no(2)]
    decided = [store.case(case_no=case_no(n)) for n in (1, 2, 3)]
    assert [view.epoch if view else None for view in decided] == [1, 0, 1]
    assert store.pending(kinds=kinds) == 1
    later = city.now() + timedelta(minutes=1)
    (again,) = store.claim(kinds=kinds, limit=24, now=later, worker="here", lease_s=30.0)
    assert (again.case_no, again.last_error) == (case_no(2), "cannot_start")
