"""``cityops whatif``: the recorded cases of a period, played again under a draft policy."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from boot.hypothetical import moment
from boot.settings import Settings
from domain.whatif_figures import Compared, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from usecases.city import Grounds
    from usecases.whatif import Period, UnableToReplay

console = Console()
EXAMPLES = 3


@dataclass(slots=True)
class Seen:
    """What a look back came to: figures, the most different cases, and those nobody could play.

    ``unreported`` cases of the period have no report to begin with: children and parents of others.
    """

    tally: Tally = field(default_factory=Tally)
    most: list[Compared] = field(default_factory=list)
    unable: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    unreported: int = 0

    def fail(self, one: "UnableToReplay") -> None:
        """Count a case nobody could play, and name the first few of each reason."""
        self.unable[one.code] += 1
        named = self.examples.setdefault(one.code, [])
        if len(named) < EXAMPLES:
            named.append(one.case_no)

    def keep(self, found: Compared, *, most: int) -> None:
        """Remember a different case if it is among the ``most`` different ones."""
        if found.changes:
            self.most.append(found)
            self.most.sort(key=lambda one: -len(one.changes))
            del self.most[most:]


def whatif(
    policy: Annotated[Path, typer.Option(help="folder of the draft pack")],
    since: Annotated[str, typer.Option(help="cases received from this city time on, for example 2026-09-01")],
    until: Annotated[str | None, typer.Option(help="and before this city time (default: all)")] = None,
    csv: Annotated[Path | None, typer.Option(help="write a row per difference to this file")] = None,
    top: Annotated[int, typer.Option(help="how many units and cases to print", min=0)] = 15,
) -> None:
    """Play the recorded cases of a period again under a draft policy; print what would have differed."""
    from boot.whatif_text import print_all
    from boot.wiring import grounds_of
    from geo.checks.problems import UnableToReadLayer
    from store.pack import UnableToLoadPack

    settings = Settings()
    try:
        base, draft = grounds_of(settings), grounds_of(settings.model_copy(update={"pack": policy}))
        period, seen = look(settings=settings, worlds=(base, draft), span=(since, until), csv=csv, top=top)
    except (UnableToLoadPack, UnableToReadLayer, ValueError) as error:
        _fail(error)
    print_all(console=console, packs=(base.pack, draft.pack), period=period, seen=seen, top=top)


def look(
    *,
    settings: Settings,
    worlds: "tuple[Grounds, Grounds]",
    span: tuple[str, str | None],
    csv: Path | None,
    top: int,
) -> "tuple[Period, Seen]":
    """Play the cases of ``span`` (city times) under both worlds. Raises ValueError for a span that is none."""
    from boot.wiring import connect_store
    from usecases.whatif import UnableToReplay, look_back

    base, draft = worlds
    seen = Seen()
    with closing(connect_store(settings)) as store, _writing(csv) as write:
        period = _period(settings, base, span, last=store.last_recorded())
        seen.unreported = store.unreported(since=period.since, until=period.until)
        began = time.perf_counter()
        for found in look_back(store=store, base=base, draft=draft, period=period):
            if isinstance(found, UnableToReplay):
                seen.fail(found)
                continue
            seen.tally.add(found.compared, fidelity=found.fidelity, same_rules=found.same_rules)
            seen.keep(found.compared, most=top)
            write(found.compared)
        seen.seconds = time.perf_counter() - began
    return period, seen


def _period(
    settings: Settings, base: "Grounds", span: tuple[str, str | None], *, last: datetime | None
) -> "Period":
    """Lives are known up to the last recorded fact: beyond it nobody can say what people would have done."""
    from boot.wiring import city_clock
    from domain.clock import city_time
    from usecases.whatif import Period

    since, until = span
    now = city_time(city_clock(settings), datetime.now(UTC))
    horizon = min(now, last) if last is not None else now
    begin = moment(since, pack=base.pack)
    end = moment(until, pack=base.pack) if until is not None else max(now, horizon)
    if begin >= end:
        raise ValueError(f"the period ends ({end.isoformat()}) before it begins ({begin.isoformat()})")
    return Period(since=begin, until=end, horizon=horizon)


@contextmanager
def _writing(path: Path | None) -> "Iterator[Callable[[Compared], None]]":
    """Yield what writes the differences of a case, a row each."""
    from boot.whatif_text import HEADER, rows_of

    if path is None:
        yield lambda _: None
        return
    import csv

    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(HEADER)
        yield lambda found: writer.writerows(rows_of(found))


def _fail(error: Exception) -> NoReturn:
    console.print(str(error), style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1) from error
