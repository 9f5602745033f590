"""The demonstration as a newcomer runs it, smaller: a whole stack, a day, a verdict."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.e2e
@pytest.mark.temporal
def test_a_small_day_ends_with_every_case_as_it_should_be(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "boot", "demo", "--exit", "--reports", "60", "--minutes", "0.7"],
        cwd=CHECKOUT,
        env={**os.environ, "CITYOPS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    assert "every case is as it should be" in said
    for figure in ("by channel", "by status", "by level", "on time", "E3", "E5", "merged", "reopened", "p95"):
        assert figure in said
    printed = [line for line in ended.stdout.splitlines() if re.match(r"\S", line) and line[0] not in "┏┃┡│└"]
    assert printed
    assert all(line.startswith("[演示模式 demo mode]") for line in printed)
    assert not list((tmp_path / "demo").glob("*.lock"))
