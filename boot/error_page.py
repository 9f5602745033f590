"""Every error code as a document: ``python -m boot.error_page`` writes ``docs/problems.md``.

A test compares the committed page with what this makes of the code.
"""

import re
from pathlib import Path

from domain.errors import REFUSALS, RefusalCode
from usecases.problems import PROBLEMS, ProblemCode
from usecases.refusals import refusal_status

DOCUMENT = Path(__file__).parent.parent / "docs" / "problems.md"

WARNINGS = (
    ProblemCode.NO_PLACE,
    ProblemCode.OUTSIDE_CITY,
    ProblemCode.NOT_LOCATED,
    ProblemCode.CATEGORY_UNMAPPED,
    ProblemCode.CRS_UNKNOWN,
    ProblemCode.GRID_UNKNOWN,
    ProblemCode.FIELDS_UNREAD,
)
"""Codes of accepted reports: no refusal, the report waits in triage."""

HEAD = """# Error codes

<!-- Written by `python -m boot.error_page`; do not edit. -->

Every refusal of the API is an RFC 9457 problem (`application/problem+json`) with `type`, `title`, `status`,
`code`, `detail`, `detail_en`, `instance`, and `errors` where single fields are wrong. `code` is stable: build on
it, not on the texts. `detail` speaks the reader's language (`Accept-Language`: zh, en), `detail_en` English.
Words in braces are filled in.
"""


def page() -> str:
    """Return the document."""
    requests = [code for code in ProblemCode if code not in WARNINGS]
    return "\n".join(
        (
            HEAD,
            "## A request that is wrong in itself\n",
            _table([(code.value, *PROBLEMS[code]) for code in requests]),
            "## A command the case does not take\n",
            _table([(code.value, refusal_status(code), *REFUSALS[code]) for code in RefusalCode]),
            "## Warnings of an accepted report\n",
            "The report was taken (201); `warnings` of the receipt says what was not understood.\n",
            _table([(code.value, None, *PROBLEMS[code][1:]) for code in WARNINGS]),
        )
    )


def _table(rows: list[tuple[str, int | None, str, str]]) -> str:
    lines = ["| code | status | detail | detail_en |", "|---|---|---|---|"]
    lines += [
        f"| `{code}` | {status or 201} | {_cell(zh)} | {_cell(en)} |" for code, status, zh, en in sorted(rows)
    ]
    return "\n".join((*lines, ""))


def _cell(text: str) -> str:
    """Show a template: its fields as {field}, its doubled braces as one."""
    return re.sub(r"\{(\w+)\}", r"`{\1}`", text.replace("{{", "{").replace("}}", "}")).replace("|", "\\|")


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
