"""What ``cityops check`` and ``cityops duty`` say on the command line, and how they end."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from boot.cli import app
from tests.unit.small_pack import ROTA, write

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed, in one line a line."""
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_duty_names_who_is_there_and_every_handoff(tmp_path: Path) -> None:
    code, said = run("duty", str(write(tmp_path)), "--at", "2026-06-01T07:00", "--days", "2")
    assert code == 0
    lines = [line for line in said.splitlines() if "2026-06" in line]
    assert "zhao" in lines[0]
    handoffs = [line.replace("│", " ").split() for line in lines[1:]]
    assert [(day, time, who) for day, _, time, *_, who in handoffs] == [
        ("2026-06-01", "08:00", "li"),
        ("2026-06-01", "20:00", "zhao"),
        ("2026-06-02", "08:00", "chen"),
        ("2026-06-02", "20:00", "zhao"),
    ]


def test_duty_of_a_unit_of_a_template_fills_in_its_names() -> None:
    code, said = run(
        "duty", str(WUHAN), "--unit", "420102-COMMAND", "--at", "2026-06-01T07:00", "--days", "1"
    )
    assert code == 0
    assert "江岸区" in said
    assert "420102-COMMAND-duty-" in said


def test_duty_tells_a_gap(tmp_path: Path) -> None:
    gap = ROTA.replace("20:00-08:00", "22:00-08:00")
    code, said = run(
        "duty", str(write(tmp_path, **{"rota.toml": gap})), "--at", "2026-06-01T21:00", "--days", "1"
    )
    assert code == 0
    assert "无人 nobody" in said


@pytest.mark.parametrize("arguments", [("--unit", "11-R"), ("--unit", "nobody"), ("--at", "tomorrow")])
def test_duty_ends_with_an_error_when_there_is_nothing_to_tell(
    tmp_path: Path, arguments: tuple[str, str]
) -> None:
    assert run("duty", str(write(tmp_path)), *arguments)[0] == 1


def test_duty_of_a_city_without_rotas_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "rota.toml").unlink()
    code, said = run("duty", str(folder))
    assert (code, "there is no rota" in said) == (0, True)


def test_check_judges_the_ninety_days_from_a_date_and_ends_by_what_it_found() -> None:
    code, said = run("check", str(WUHAN), "--from", "2026-06-01")
    assert code == 0
    assert "0 个错误 errors" in said
    late, also = run("check", str(WUHAN), "--from", "2027-02-01")
    assert late == 1
    assert "calendar_ended" in also
    assert run("check", str(WUHAN), "--from", "June")[0] == 2
