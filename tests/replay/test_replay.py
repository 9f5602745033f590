"""Every committed history replays with today's workflow: a city's open cases go on after an upgrade.

A failure here means that cases which are open now would stop. Do not record the history
again: keep the old order of commands behind ``workflow.patched`` (see ``test_fingerprint``).
A rule of ``decide`` that moves a deadline is such a change too, since the timer depends on it.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from boot.worker import sandbox
from domain.case import CaseState
from domain.views import Record
from tests.replay.record import FOLDER, LIVES
from workflows.case import CaseWorkflow
from workflows.contract import ACT, WORKFLOW, Act
from workflows.converter import DATA_CONVERTER

HISTORIES = sorted(FOLDER.glob("*.json"))


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, json.loads(file.read_text(encoding="utf-8")))


def test_there_is_a_history_of_every_life() -> None:
    assert {file.stem.split("-")[0] for file in HISTORIES} == set(LIVES)
    continued = [
        file for file in HISTORIES if "WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in file.read_text("utf-8")
    ]
    assert continued


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_history_replays(file: Path) -> None:
    replayer = Replayer(workflows=[CaseWorkflow], workflow_runner=sandbox(), data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history(file))


@workflow.defn(name=WORKFLOW)
class Hasty:
    """A changed workflow: it waits a fixed time first, and goes its own way after."""

    def __init__(self) -> None:
        self.record: Record | None = None

    @workflow.run
    async def run(self, state: CaseState) -> str:
        await workflow.sleep(timedelta(hours=1))
        await workflow.sleep(timedelta(hours=1))
        return state.status.value

    @workflow.update(name=ACT)
    async def act(self, act: Act) -> str:
        await workflow.sleep(timedelta(minutes=1))
        return act.command.request_id


@pytest.mark.parametrize("life", ["standard", "escalated"])
async def test_a_changed_workflow_does_not_replay(life: str) -> None:
    replayer = Replayer(
        workflows=[Hasty], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=DATA_CONVERTER
    )
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(history(FOLDER / f"{life}.json"))
