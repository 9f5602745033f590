"""What a changed pack says differently, the plan as a file, and the pack put in place."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from boot.install import UnableToInstall, install, version_in
from store.pack import load
from tests.unit.small_pack import write
from usecases.plan_changes import SECTIONS, Change, changes
from usecases.plan_file import PlanFile, UnableToReadPlan, choose, read_plan

NUMBERS = ("20260914-0000-0000", "20260914-0000-0013")


@pytest.fixture
def packs(tmp_path: Path) -> tuple[Path, Path]:
    """Return a sound small pack, and a copy to change."""
    old, new = tmp_path / "old", tmp_path / "new"
    write(old)
    write(new)
    return old, new


def edit(folder: Path, name: str, before: str, after: str) -> None:
    """Change every place in a file where something stands."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{name} has no {before!r}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def told(old: Path, new: Path) -> list[Change]:
    return changes(before=load(folder=old), after=load(folder=new))


def test_the_same_pack_says_nothing_differently(packs: tuple[Path, Path]) -> None:
    assert told(*packs) == []


def test_each_kind_of_change_is_told_in_its_section(packs: tuple[Path, Path]) -> None:
    old, new = packs
    edit(new, "catalogue/conditions.csv", "E2,wide,大,Wide,5WD", "E2,wide,大,Wide,3WD")
    edit(new, "catalogue/categories.csv", "ROADS,district,3,no", "ROADS,district,2,no")
    edit(new, "escalation.toml", 'sign_in = "1WD"', 'sign_in = "4WH"')
    edit(new, "escalation.toml", "raise_at = 1.5", "raise_at = 2.0")
    edit(new, "escalation.toml", 'verify = "4WH"', 'verify = "2WH"')
    edit(new, "routing.toml", 'limit = "1UH"', 'limit = "30MIN"')
    edit(new, "units.toml", 'duty = "always"', 'duty = "work"')

    found = told(old, new)
    lines = {(change.section, change.field, change.before, change.after) for change in found}

    assert ("conditions", "limit", "5WD", "3WD") in lines
    assert ("categories", "severity", "3", "2") in lines
    assert ("routing", "limit", "1UH", "30MIN") in lines
    assert ("units", "duty", "always", "work") in lines
    assert ("templates", "duty", "always", "work") in lines
    for severity in range(1, 5):
        name = f"{severity} 级 severity {severity}"
        assert Change(section="stages", name=name, field="sign_in", before="1WD", after="4WH") in found
        assert Change(section="escalation", name=name, field="raise_at", before="1.5", after="2") in found
        assert Change(section="rulebook", name=name, field="verify", before="4WH", after="2WH") in found
    order = list(SECTIONS)
    assert [order.index(change.section) for change in found] == sorted(
        order.index(change.section) for change in found
    )


def test_what_is_new_and_what_is_gone_are_told_as_such(packs: tuple[Path, Path]) -> None:
    old, new = packs
    edit(new, "units.toml", 'code = "11-R"', 'code = "11-X"')
    edit(new, "routing.toml", 'lead = "unit:11-R"', 'lead = "unit:11-X"')
    found = told(old, new)

    assert [str(change) for change in found if change.section == "units"] == [
        "- 11-R 东区市政",
        "+ 11-X 东区市政",
    ]
    assert {str(change) for change in told(new, old) if change.section == "units"} == {
        "+ 11-R 东区市政",
        "- 11-X 东区市政",
    }


def test_addresses_of_people_are_not_told(packs: tuple[Path, Path]) -> None:
    old, new = packs
    edit(new, "units.toml", "roads@example.invalid", "other@example.invalid")
    (change,) = told(old, new)

    assert (change.section, change.name, change.field) == ("units", "11-R", "contacts")
    assert "invalid" not in str(change)


def a_plan(**fields: object) -> PlanFile:
    given = {
        "version_from": "1+a", "version_to": "1+b", "outlines": "o", "folder": "/packs/new",
        "generated_at": datetime(2026, 9, 14, tzinfo=UTC), "open": NUMBERS, "chosen": NUMBERS[:1],
    }  # fmt: skip
    return PlanFile(**(given | fields))  # type: ignore[arg-type]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(a_plan().text(), encoding="utf-8")
    assert read_plan(path) == a_plan()


@pytest.mark.parametrize("field", ["version_to", "folder", "chosen", "open", "format", "digest"])
def test_a_plan_somebody_changed_is_refused(tmp_path: Path, field: str) -> None:
    body = json.loads(a_plan().text())
    body[field] = ["20260914-0000-0026"] if isinstance(body[field], list) else f"{body[field]}x"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(UnableToReadPlan):
        read_plan(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"digest": 1}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnableToReadPlan):
        read_plan(path)
    with pytest.raises(UnableToReadPlan):
        read_plan(tmp_path / "nothing.json")


def test_cases_are_chosen_from_those_the_plan_has_seen(tmp_path: Path) -> None:
    assert choose("none", open_cases=NUMBERS) == ()
    assert choose("all", open_cases=NUMBERS) == NUMBERS
    with pytest.raises(UnableToReadPlan):
        choose(str(tmp_path / "nothing"), open_cases=NUMBERS)
    path = tmp_path / "cases"
    path.write_text("20260914-ZZZZ-ZZZZ\n", encoding="utf-8")
    with pytest.raises(UnableToReadPlan, match="ZZZZ"):
        choose(str(path), open_cases=NUMBERS)


def test_a_pack_takes_the_place_of_the_old_one_which_is_kept(
    tmp_path: Path, packs: tuple[Path, Path]
) -> None:
    old, new = packs
    edit(new, "escalation.toml", 'sign_in = "1WD"', 'sign_in = "4WH"')
    before, after = version_in(old), version_in(new)
    (old / "only-here.txt").write_text("x", encoding="utf-8")
    keep = tmp_path / "kept"

    install(new=new, target=old, keep=keep, before=before)

    assert version_in(old) == after
    assert not (old / "only-here.txt").exists()
    assert version_in(keep / before) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "new", "old"]
    install(new=keep / before, target=old, keep=keep, before=after)
    assert version_in(old) == before


def test_a_link_to_the_pack_stays_a_link(tmp_path: Path, packs: tuple[Path, Path]) -> None:
    old, new = packs
    edit(new, "escalation.toml", 'sign_in = "1WD"', 'sign_in = "4WH"')
    link = tmp_path / "in-force"
    link.symlink_to(old, target_is_directory=True)

    install(new=new, target=link, keep=tmp_path / "kept", before=version_in(old))

    assert link.is_symlink()
    assert version_in(link) == version_in(old) == version_in(new)


def test_an_installation_that_was_killed_half_way_is_finished_by_the_next(
    tmp_path: Path, packs: tuple[Path, Path]
) -> None:
    old, new = packs
    edit(new, "escalation.toml", 'sign_in = "1WD"', 'sign_in = "4WH"')
    before, after = version_in(old), version_in(new)
    old.rename(tmp_path / ".old.gone")  # killed between the two renames
    (tmp_path / "kept" / f".{before}.copying").mkdir(parents=True)
    assert version_in(old) == ""

    install(new=new, target=old, keep=tmp_path / "kept", before=before)

    assert version_in(old) == after
    assert not list(tmp_path.glob(".old*"))


def test_a_place_that_cannot_be_replaced_says_what_to_do(tmp_path: Path, packs: tuple[Path, Path]) -> None:
    _, new = packs
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UnableToInstall, match="apply again"):
        install(new=new, target=tmp_path / "file" / "pack", keep=tmp_path / "kept", before="1+a")
    shutil.rmtree(new)
    with pytest.raises(UnableToInstall):
        install(new=new, target=tmp_path / "pack", keep=tmp_path / "kept", before="1+a")
