"""The plan of a changed pack as a file: from which version to which, and for which open cases.

The file is what ``cityops apply`` obeys, and it obeys nothing else: its digest says that it
is as it was written, the versions say that the packs still are.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.identifiers import is_number

FORMAT = "cityops plan 1"


class UnableToReadPlan(ValueError):
    """The file is no plan, or not as it was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanFile:
    """A plan. ``folder`` is where the new pack lies; versions are those of the packs' content.

    ``outlines`` names the areas' geometry, which has a hash of its own. ``open`` are the
    cases that were open when the plan was made, ``chosen`` those the new rules are to be
    applied to. ``generated_at`` is city time.
    """

    version_from: str
    version_to: str
    outlines: str
    folder: str
    generated_at: datetime
    open: tuple[str, ...]
    chosen: tuple[str, ...]

    def text(self) -> str:
        """Return the file's content, its digest included."""
        body = {"format": FORMAT, **asdict(self), "generated_at": self.generated_at.isoformat()}
        body |= {"open": list(self.open), "chosen": list(self.chosen)}
        return json.dumps({**body, "digest": _digest(body)}, ensure_ascii=False, indent=2) + "\n"


def read_plan(path: Path) -> PlanFile:
    """Read a plan. Raises UnableToReadPlan."""
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        digest, known = body.pop("digest"), body.get("format")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UnableToReadPlan(f"{path}: no plan of this program ({error})") from error
    if known != FORMAT or digest != _digest(body):
        raise UnableToReadPlan(f"{path}: not as `cityops plan` wrote it: make a new plan")
    del body["format"]
    moment = datetime.fromisoformat(body.pop("generated_at"))
    opened, chosen = tuple(body.pop("open")), tuple(body.pop("chosen"))
    return PlanFile(**body, open=opened, chosen=chosen, generated_at=moment)


def choose(which: str, *, open_cases: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cases ``none``, ``all`` or a file with a number per line names. Raises UnableToReadPlan.

    A number that is no open case of the plan is refused: nobody has seen what would change for it.
    """
    if which == "none":
        return ()
    if which == "all":
        return open_cases
    try:
        lines = Path(which).read_text(encoding="utf-8").split()
    except (OSError, ValueError) as error:
        raise UnableToReadPlan(
            f"--cases none, all or a file with a case number per line ({error})"
        ) from error
    wrong = [line for line in lines if not is_number(line) or line not in open_cases]
    if wrong:
        raise UnableToReadPlan(f"{which}: no open case of this plan: {', '.join(wrong[:5])}")
    return tuple(dict.fromkeys(lines))


def _digest(body: dict[str, Any]) -> str:
    plain = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
