"""A workflow's commands do not change by accident: an open case replays them from its first event."""

import json

from tests.replay.fingerprints import FILE, fingerprints

HELP = """
The order of {name}'s commands has changed. Every open case replays its history through this code,
so a city that upgrades would stop at the first command that is not the one it has on record.

- Commands added, removed or moved: keep the old order for old cases,

      if workflow.patched("what-changed"):
          ...  # the new order
      else:
          ...  # the old one, until no case that ran it is open any more; then workflow.deprecate_patch

  record a new life (python -m tests.replay.record NAME), and keep the old histories.
- Only the source moved, or nothing was released yet: python -m tests.replay.fingerprints

before: {before}
now:    {now}
"""


def test_no_command_was_added_removed_or_moved() -> None:
    committed, present = json.loads(FILE.read_text(encoding="utf-8")), fingerprints()
    assert present
    for name in sorted(committed.keys() | present.keys()):
        before, now = committed.get(name), present.get(name)
        assert before == now, HELP.format(name=name, before=before, now=now)
