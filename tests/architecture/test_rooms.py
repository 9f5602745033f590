"""The rooms: each under contract, each ours, none a drawer for odds and ends."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.checkout import ROOT, project, python_files, rooms, tracked

DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def contract(name: str) -> dict[str, Any]:
    return next(c for c in project()["tool"]["importlinter"]["contracts"] if c["name"] == name)


def test_every_root_folder_with_python_is_under_contract() -> None:
    holders = {path.parts[0] for path in tracked() if path.suffix == ".py" and len(path.parts) > 1}
    assert holders - {"tests"} <= set(rooms())


def test_every_room_has_its_layer() -> None:
    layers = contract("rooms: imports only point down")["layers"]
    assert isinstance(layers, list)
    assert sorted(room.strip() for layer in layers for room in layer.split("|")) == sorted(rooms())


def test_every_room_is_packaged_typed_and_known_as_ours() -> None:
    tools = project()["tool"]
    assert sorted(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(rooms())
    assert sorted(tools["mypy"]["files"]) == sorted((*rooms(), "tests"))
    assert sorted(tools["ruff"]["lint"]["isort"]["known-first-party"]) == sorted((*rooms(), "tests"))
    assert sorted(tools["deptry"]["known_first_party"]) == sorted((*rooms(), "tests"))


@pytest.mark.parametrize("room", rooms())
def test_the_name_of_a_room_finds_our_room(room: str) -> None:
    found = importlib.import_module(room).__file__
    assert found is not None
    assert Path(found).resolve().parent == ROOT / room


@pytest.mark.parametrize("room", rooms())
def test_no_room_hides_a_module_of_the_standard_library(room: str) -> None:
    assert room not in sys.stdlib_module_names


def test_no_module_is_a_drawer() -> None:
    parts = {str(path): {*path.with_suffix("").parts} & DRAWERS for path in python_files()}
    assert {path: found for path, found in parts.items() if found} == {}


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("domain/planted.py", "import store", "rooms: imports only point down"),
        ("domain/planted.py", "import sqlalchemy", "domain is plain Python"),
        ("routing/planted.py", "import geo", "rooms: imports only point down"),
        ("routing/planted.py", "import shapely", "routing is pure"),
        ("workflows/planted.py", "import store", "workflows touch the world only through activities"),
        ("api/planted.py", "import store", "the API and the consoles ask use cases, nothing below"),
        ("usecases/planted.py", "import notifications", "use cases never run an activity or a template"),
        ("api/planted.py", "import sqlalchemy", "SQLAlchemy only in store and boot"),
        ("geo/planted.py", "import temporalio", "Temporal only in workflows, activities, usecases, boot"),
    ],
)
def test_a_planted_import_breaks_its_contract(module: str, line: str, broken: str, tmp_path: Path) -> None:
    """Without this, a contract that checks nothing would look like one that is kept."""
    for room in rooms():
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    for guarded in contract("tables are the store's own")["protected_modules"]:
        (tmp_path / f"{guarded.replace('.', '/')}.py").touch()
    (tmp_path / module).write_text(line + "\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    verdict = {
        words.rsplit(" ", 1)[0]: words.rsplit(" ", 1)[1] for words in run.stdout.splitlines() if " " in words
    }
    assert verdict[broken] == "BROKEN"
