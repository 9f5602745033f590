"""The demonstration's verdict: it must see a case that is lost, stuck, ownerless or elsewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from boot.demo.client import Tally
from boot.demo.day import Event
from boot.demo.figures import figures
from boot.demo.generate import Item
from boot.demo.places import Spot
from boot.demo.play import Played
from boot.demo.run import Plan, run
from boot.demo.scripts import Life
from boot.demo.show import TRIGGER_ZH, closing
from boot.demo.staff import City, Staff
from boot.demo.verify import misses
from boot.settings import Settings
from domain.case import Trigger
from domain.pack import CityPack
from routing.words import FLOOR
from store.pack import load

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"
NOON = datetime(2026, 7, 8, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return load(folder=WUHAN)


def played(pack: CityPack, life: Life = Life.PROMPT, **changed: Any) -> Played:
    category = pack.catalogue["E0110"]
    event = Event(
        category=category, condition=category.conditions[0], channels=("hotline",), weight=1, texts=()
    )
    item = Item(
        key="k", at=0.0, life=life, event=event, spot=Spot(lon=114.3, lat=30.6, chain=()),
        body={"reporter": {"phone": "+8613800000000"}}, ends=changed.pop("ends", ("evaluated",)),
    )  # fmt: skip
    # Judging asks nobody: the city is needed by those who act only.
    staff = Staff(city=cast("City", Plain(seed=1)), item=item)
    return Played(item=item, staff=staff, case_no="C1", done=True, **changed)


class Plain:
    """Just enough of a city to draw chances."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed


def history(*facts: dict[str, Any], **case: Any) -> dict[str, Any]:
    whole = {
        "case_no": "C1", "status": "evaluated", "owner": "U", "next_due": NOON.isoformat(), "on_time": True,
        "reports": ["C1"], "channel": "hotline", "level": "grid", "reopened": 0, "reworks": 0,
        "received_at": NOON.isoformat(), "decision": None,
    }  # fmt: skip
    return {"case": {**whole, **case}, "facts": list(facts)}


def fact(kind: str, *, after_s: float = 0.0, **data: Any) -> dict[str, Any]:
    return {"kind": kind, "at": (NOON + timedelta(seconds=after_s)).isoformat(), "data": data}


def whys(one: Played, found: dict[str, Any] | None) -> list[str]:
    return [miss.why for miss in misses(lives=[one], histories={} if found is None else {"C1": found})]


def test_a_case_as_it_should_be_is_no_miss(pack: CityPack) -> None:
    assert whys(played(pack), history()) == []


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "the case is lost: no list shows it"),
        (history(status="handling"), "is handling, should be evaluated"),
        (history(owner=""), "nobody owns it"),
        (history(next_due=None), "fell asleep: no deadline is armed"),
    ],
)
def test_lost_stuck_ownerless_and_sleeping_cases_are_misses(
    pack: CityPack, found: dict[str, Any] | None, why: str
) -> None:
    assert whys(played(pack), found) == [why]


def test_a_broken_life_and_a_report_not_accepted_are_misses(pack: CityPack) -> None:
    assert whys(played(pack, broke="Refused: 409"), history()) == ["Refused: 409"]
    unknown = played(pack)
    unknown.case_no = ""
    assert whys(unknown, None) == ["its report was not accepted"]


def test_a_case_nobody_reported_is_a_miss(pack: CityPack) -> None:
    found = misses(lives=[played(pack)], histories={"C1": history(), "C2": history()})
    assert [(miss.case_no, miss.why) for miss in found] == [("C2", "nobody reported this case")]


def test_a_life_must_have_left_its_facts_with_their_trigger(pack: CityPack) -> None:
    climbed = played(pack, Life.CLIMB)
    assert whys(climbed, history(fact("escalated", trigger="E4"), fact("reassigned"))) == [
        "its history lacks: escalated E3"
    ]
    assert whys(climbed, history(fact("escalated", trigger="E3"), fact("reassigned"))) == []


def test_an_overdue_case_must_have_been_judged_late(pack: CityPack) -> None:
    facts = [fact(kind) for kind in ("overdue", "supervision_opened", "supervision_closed")]
    assert whys(played(pack, Life.OVERDUE), history(*facts)) == ["on time is True, should be False"]
    assert whys(played(pack, Life.OVERDUE), history(*facts, on_time=False)) == []
    assert whys(played(pack, Life.OVERDUE), history(*facts[:-1], on_time=False)) == [
        "its history lacks: supervision_closed"
    ]


def test_a_merged_report_its_master_does_not_hold_is_a_miss(pack: CityPack) -> None:
    first, copy = played(pack), played(pack, Life.COPY, ends=("merged",))
    copy.staff.case_no = "C2"
    first.staff.companions = [copy.staff]
    assert whys(first, history()) == ["lacks the merged report C2"]
    assert whys(first, history(reports=["C1", "C2"])) == []


def test_figures_count_what_the_histories_say() -> None:
    numbers = figures(
        histories=[
            history(fact("dispatched", after_s=540.0), fact("escalated", trigger="E3"), level="city"),
            history(fact("triage_waits"), fact("triaged"), fact("dispatched", after_s=9e9), on_time=False),
            history(fact("report_joined"), fact("arbitration", trigger="E5"), reopened=1, on_time=None),
            history(fact("supervision_opened"), fact("supervision_closed"), fact("escalated", trigger="E9")),
            history(status="merged", on_time=None, channel="sensor", decision={"reasons": [{"rule": FLOOR}]}),
        ],
        speed=540.0,
        owed={"notify": 0},
    )
    assert numbers.latencies == (1.0,)
    assert numbers.latency(0.95) == 1.0
    assert (numbers.on_time, numbers.late) == (2, 1)
    assert numbers.triggers == {"E1": 1, "E3": 1, "E5": 1, "E9": 1}
    assert (numbers.ordered, numbers.sealed) == (1, 1)
    assert (numbers.merged, numbers.joined, numbers.reopened, numbers.triaged) == (1, 1, 1, 1)
    assert numbers.channels == {"hotline": 4, "sensor": 1}
    assert numbers.levels["city"] == 1


def test_the_closing_figures_have_a_word_for_every_trigger(capsys: pytest.CaptureFixture[str]) -> None:
    facts = [fact("escalated", trigger=trigger.value) for trigger in Trigger]
    numbers = figures(histories=[history(*facts)], speed=1.0, owed={})
    closing(Console(width=1000), numbers, repeated=0, tally=Tally())
    printed = capsys.readouterr().out
    assert all(f"{trigger.value} {TRIGGER_ZH[trigger]}" in printed for trigger in Trigger)


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert figures(histories=[], speed=1.0, owed={}).latency(0.5) is None


async def test_a_day_too_small_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(reports=5, minutes=1.0, seed=1, leave=True)
    assert await run(settings=Settings(data_dir=tmp_path), plan=plan) == 2
    assert not (tmp_path / "demo").exists()


async def test_a_pack_without_a_day_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "pack"
    copy.mkdir()
    for entry in WUHAN.iterdir():
        if entry.name != "demo":
            (copy / entry.name).symlink_to(entry)
    plan = Plan(reports=60, minutes=1.0, seed=1, leave=True)
    assert await run(settings=Settings(data_dir=tmp_path / "var", pack=copy), plan=plan) == 2
    assert "no demonstration day" in capsys.readouterr().out
