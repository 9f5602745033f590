"""Who stands below whom, and which moment a person meant: what commands of tasks ask of the city."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.org import Area, AreaTable, OrgTree, UnitTemplate, Zone
from domain.place import Level
from domain.unit import Unit
from usecases.command_duty import in_utc, is_below
from usecases.problems import BadRequest, ProblemCode

AREAS = AreaTable(
    areas=(
        Area(level=Level.CITY, code="c", name="江城"),
        Area(level=Level.DISTRICT, code="d1", name="一区", parent="c"),
        Area(level=Level.DISTRICT, code="d2", name="二区", parent="c"),
        Area(level=Level.STREET, code="s1", name="一街", parent="d1"),
        Area(level=Level.STREET, code="s2", name="二街", parent="d1", zone="z"),
        Area(level=Level.COMMUNITY, code="k1", name="一社区", parent="s1"),
        Area(level=Level.COMMUNITY, code="k2", name="二社区", parent="s2"),
    ),
    zones=(Zone(code="z", name="开发区"),),
)


def unit(code: str, level: Level, area: str, *, parent: str | None = None, zone: bool = False) -> Unit:
    return Unit(
        code=code, name_zh=code, name_en=code, kind=code.split("-")[1], level=level, area_code=area, parent=parent,
        zone=zone,
    )  # fmt: skip


TREE = OrgTree(
    areas=AREAS,
    units=(
        unit("c-COMMAND", Level.CITY, "c"),
        unit("d1-WATER", Level.DISTRICT, "d1"),
        unit("d2-WATER", Level.DISTRICT, "d2", parent="c-COMMAND"),
        unit("s1-COMMAND", Level.STREET, "s1", parent="d1-COMMAND"),
        unit("s1-WATER", Level.STREET, "s1", parent="elsewhere-COMMAND"),
        unit("s2-WATER", Level.STREET, "s2"),
        unit("z-COMMAND", Level.DISTRICT, "z", zone=True),
        unit("x-CREW", Level.DISTRICT, "d2", parent="d2-WATER"),
    ),
    templates=(
        UnitTemplate(
            level=Level.COMMUNITY, kind="COMMUNITY", code="{code}-COMMUNITY", name_zh="{name}工作站", name_en="{name}",
            parent="{parent}-COMMAND",
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "above", "expected"),
    [
        ("s1-WATER", "d1-WATER", True),
        ("d1-WATER", "s1-WATER", False),
        ("s1-WATER", "d2-WATER", False),
        ("k1-COMMUNITY", "s1-COMMAND", True),
        ("k1-COMMUNITY", "d1-WATER", True),
        ("k1-COMMUNITY", "c-COMMAND", True),
        ("k1-COMMUNITY", "s2-WATER", False),
        ("k2-COMMUNITY", "z-COMMAND", True),
        ("s2-WATER", "z-COMMAND", True),
        ("s1-WATER", "z-COMMAND", False),
        ("x-CREW", "d2-WATER", True),
        ("d2-WATER", "x-CREW", False),
        ("d1-WATER", "d2-WATER", False),
        ("s1-WATER", "s1-COMMAND", False),
    ],
)
def test_below_is_in_the_tree_or_finer_and_inside(code: str, above: str, expected: bool) -> None:
    assert is_below(TREE, TREE.get(code), TREE.get(above)) is expected


@pytest.mark.parametrize("one", [known.code for known in TREE.units()])
def test_nobody_stands_below_itself_or_below_who_stands_below_it(one: str) -> None:
    for other in TREE.units():
        mine = TREE.get(one)
        assert not (is_below(TREE, mine, other) and is_below(TREE, other, mine))


def test_a_moment_is_taken_in_utc_and_only_with_a_zone() -> None:
    here = timezone(timedelta(hours=8))
    assert in_utc("due", datetime(2026, 9, 30, 18, tzinfo=here)) == datetime(2026, 9, 30, 10, tzinfo=UTC)
    edge = datetime.max.replace(tzinfo=timezone(timedelta(hours=-8)))
    for at in (datetime(2026, 9, 30, 18), edge):  # noqa: DTZ001 - no zone is the point
        with pytest.raises(BadRequest) as caught:
            in_utc("due", at)
        assert caught.value.finding.code is ProblemCode.TIME_WITHOUT_ZONE
