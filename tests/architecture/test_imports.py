"""What is loaded at start-up, and that the workflow sandbox accepts our workflows."""

import importlib
import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest
from temporalio import workflow
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import workflows
from tests.architecture.checkout import ROOT, rooms

HEAVY = ("geopandas", "pandas", "pyogrio")


def loaded_by(code: str) -> set[str]:
    """Return the names of all modules that a new interpreter has after running the code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def whole_room(room: str) -> str:
    """Return code that imports every module of a room."""
    return (
        f"import importlib, pkgutil, {room}\n"
        f"for found in pkgutil.walk_packages({room}.__path__, {room + '.'!r}):\n"
        "    importlib.import_module(found.name)"
    )


@pytest.mark.parametrize("room", ["api", "web", "workflows", "routing", "domain"])
def test_a_room_that_answers_people_loads_no_data_frames(room: str) -> None:
    assert loaded_by(whole_room(room)).isdisjoint(HEAVY)


def test_the_domain_loads_the_standard_library_only() -> None:
    roots = {name.partition(".")[0] for name in loaded_by(whole_room("domain"))}
    outside = {name for name in roots if name not in sys.stdlib_module_names and not name.startswith("_")}
    bare = {name.partition(".")[0] for name in loaded_by("")}
    assert outside - bare == {"domain"}


def workflow_modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(workflows.__path__, "workflows.")
    return [importlib.import_module(module.name) for module in found]


async def test_the_sandbox_loads_every_workflow() -> None:
    """No server is needed: this is the load that a worker does when it starts.

    The rooms below pass through; the workflows themselves are loaded under restriction, so that
    a clock or a random number at import is refused here.
    """
    below = (room for room in rooms() if room != "workflows")
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*below, "numpy", "shapely")
    runner = SandboxedWorkflowRunner(restrictions=restrictions)
    loaded = []
    for module in workflow_modules():
        for thing in vars(module).values():
            definition = workflow._Definition.from_class(thing) if isinstance(thing, type) else None
            if definition is not None and thing.__module__ == module.__name__:
                runner.prepare_workflow(definition)
                loaded.append(definition.name)
    assert loaded
