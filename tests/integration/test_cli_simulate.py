"""``cityops simulate`` as a person and a program use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boot.cli import app
from boot.settings import Settings

WHERE = ("--category", "E0110", "--lon", "114.2925", "--lat", "30.5871", "--at", "2026-09-29T16:00")


@pytest.fixture
def run(wuhan_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner of our commands in the session's data folder, on a wide screen."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(wuhan_settings.data_dir))
    monkeypatch.setenv("COLUMNS", "240")
    return CliRunner()


def simulated(run: CliRunner, *options: str) -> Result:
    result = run.invoke(app, ["simulate", *WHERE, *options])
    assert result.exit_code == 0, result.output
    return result


def test_a_person_reads_what_then_goes_on_for_ever(run: CliRunner) -> None:
    said = simulated(run).output
    assert "此后每 1WD 重复 sign_in.repeat" in said
    assert "then every 1WD: sign_in.repeat" in said
    assert "escalated" in said


def test_a_program_reads_the_same_future(run: CliRunner, wuhan_settings: Settings) -> None:
    told = json.loads(simulated(run, "--json", "--policy", str(wuhan_settings.pack)).output)

    assert told["close"] == "repeats"
    assert {one["alarm"]: one["limit"] for one in told["then"]}["sign_in.repeat"] == "1WD"
    assert all(one["limit"] for one in told["then"])
    climbed = [event["data"]["level"] for event in told["events"] if event["kind"] == "escalated"]
    assert climbed == ["COMMUNITY", "STREET", "DISTRICT", "CITY"]
    ats = [event["at"] for event in told["events"]]
    assert ats == sorted(ats)


def test_a_look_of_a_day_ends_there(run: CliRunner) -> None:
    told = json.loads(simulated(run, "--json", "--days", "1").output)
    assert (told["close"], told["then"]) == ("look_ends", [])
    assert all(event["at"] <= "2026-09-30T08:00:00+00:00" for event in told["events"])


@pytest.mark.parametrize("option", ["--policy", "--pack"])
def test_a_pack_that_is_none_is_said_in_words(run: CliRunner, option: str, tmp_path: Path) -> None:
    result = run.invoke(app, ["simulate", *WHERE, option, str(tmp_path)])
    assert result.exit_code == 1
    assert "city.toml" in result.output
