"""The transition table as a document: ``python -m boot.table`` writes ``docs/transitions.md``.

Table and diagram come from ``domain.transitions``, the data that ``decide`` moves a case by,
so the document cannot say anything else than the code does.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from domain.actor import ROLE_ZH, Role
from domain.case import ENDED, STATUS_ZH, Status
from domain.messages import COMMAND_ZH
from domain.transitions import ACTIVE, THROUGH, TRANSITIONS, UNMOVED, Transition

DOCUMENT = Path(__file__).parent.parent / "docs" / "transitions.md"

CAUSE_ZH = {"begin": "受理", "time_passed": "时限到期"}
ANY_ACTIVE = "在办各状态 any active"

HEAD = """\
# Transitions of a case 案件流转表

Written by `python -m boot.table` from `domain/transitions.py`; do not edit.
由程序生成，请勿手工修改。

`domain.decide` moves a case only along these rows. Deadlines are the defaults of severity 1–2 / 3–4 as the standard writes
them (`MIN` minutes, `UH` emergency hours, `WH` work hours, `WD` work days, `ND` natural days);
a city pack may set its own. A row marked ↳ is taken by the engine in the same step as the row before it.
"""
TABLE_HEAD = """\
| 行 row | 从 from | 到 to | 命令 message | 角色 who | 时限 urgent / normal | 作用 effect |
|---|---|---|---|---|---|---|
"""
UNMOVED_HEAD = """\
| 命令 message | 可用状态 in | 角色 who |
|---|---|---|
"""
NOTES = """\
A re-assignment (`reassign`, row 22) gives the case to another owner: it is `DISPATCHED` again.
A passed check (`record_check`) closes the case by row 30, a failed one returns it by row 29.
"""


def document() -> str:
    """Return the whole document."""
    parts = (
        HEAD,
        "## Diagram 流转图\n",
        f"```mermaid\n{diagram()}```\n",
        f"Active 在办: {_states(ACTIVE)}. Row 22 escalates in any of them without moving the case.\n",
        "## Rows 流转行\n",
        TABLE_HEAD + "".join(map(_row, TRANSITIONS)),
        "## Commands without a row of their own 不改变状态的命令\n",
        UNMOVED_HEAD + "".join(_unmoved()),
        NOTES + _through(),
    )
    return "\n".join(parts)


def diagram() -> str:
    """Return the Mermaid state diagram: active states inside one frame, cancelling out of the frame."""
    lines = ["stateDiagram-v2"]
    lines += [f'  state "{STATUS_ZH[status]} {status.name}" as {status.name}' for status in Status]
    lines += ['  state "在办 active" as ACTIVE {']
    lines += [f"    {line}" for line in _edges(inside=True)]
    lines += ["  }"]
    lines += [f"  {line}" for line in _edges(inside=False)]
    lines += [f"  {status.name} --> [*]" for status in Status if status in ENDED]
    return "\n".join(lines) + "\n"


def _edges(*, inside: bool) -> Iterator[str]:
    for row in TRANSITIONS:
        if row.target is None:
            continue
        label = f"{row.row} {'随即 at once' if row.follows else _cause(row.message)}"
        if row.sources == ACTIVE:
            if not inside:
                yield f"ACTIVE --> {row.target.name} : {label}"
            continue
        for source in row.sources:
            if (source in ACTIVE and row.target in ACTIVE) == inside:
                yield f"{source.name if source else '[*]'} --> {row.target.name} : {label}"


def _row(row: Transition) -> str:
    number = f"↳ {row.row}" if row.follows else str(row.row)
    source = ANY_ACTIVE if row.sources == ACTIVE else _states(row.sources)
    target = "–" if row.target is None else _states((row.target,))
    limits = " / ".join(dict.fromkeys((row.urgent, row.normal))).replace("-", "–")
    return (
        f"| {number} | {source} | {target} | {_cause(row.message)} `{row.message}` | {_roles(row.roles)} "
        f"| {limits} | {row.zh}<br>{row.en} |\n"
    )


def _unmoved() -> Iterator[str]:
    for message, (sources, roles) in UNMOVED.items():
        open_ones = tuple(status for status in Status if status not in ENDED)
        where = "未结束各状态 any not ended" if set(sources) == set(open_ones) else _states(sources)
        yield f"| {_cause(message)} `{message}` | {where} | {_roles(roles)} |\n"


def _through() -> str:
    return "".join(
        f"{_cause(message)} `{message}` is also taken in {_states(sources)}, by way of the row between.\n"
        for message, sources in THROUGH.items()
        if sources
    )


def _states(statuses: Iterable[Status | None]) -> str:
    return ", ".join("–" if status is None else f"{STATUS_ZH[status]} `{status.name}`" for status in statuses)


def _roles(roles: Iterable[Role]) -> str:
    return ", ".join(f"{ROLE_ZH[role]} {role.value}" for role in roles)


def _cause(message: str) -> str:
    return COMMAND_ZH.get(message) or CAUSE_ZH[message]


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"wrote {DOCUMENT.name}")


if __name__ == "__main__":
    main()
