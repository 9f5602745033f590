"""Dead letters: a person looks at one, mends the source's mapping, and sends it through again.

Nothing here is lost or taken twice: a letter is replayed or closed once, and its bytes stay.
A body may hold personal data, so that looking into one is written down with who and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.account import Permission, Principal
from domain.actor import Actor, Role
from domain.envelope import Envelope, Unreadable
from domain.errors import CommandRefused, RefusalCode
from domain.source import Source, WireFormat
from store.filters import UnableToReadCursor
from store.rows_intake import InboundAct, InboundRow, InboundState
from usecases.city import City
from usecases.dead_words import says
from usecases.deeds import account_of, note
from usecases.ingest import parts_of
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.sources import check_mapping
from usecases.sources import source as source_of
from usecases.texts import check_values, refuse_controls

DESK = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)
"""Who may see to dead letters in the demonstration, where people have roles and no posts."""
Person = Principal | Actor
REPLAYABLE = tuple(form.value for form in WireFormat)
MOST_PREVIEWED = 20
MOST_REPLAYED = 500
MOST_SEVERITIES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A dead letter as lists show it. ``zh`` and ``en`` say why it is dead and what to do.

    ``parent`` is the message it was a part of, or the letter it replayed; ``replayed_as`` the
    message it was sent through again as. ``size`` is in bytes.
    """

    id: int
    source: str
    channel: str
    format: str
    content_type: str
    size: int
    received_at: datetime
    state: str
    code: str
    params: Mapping[str, str]
    zh: str
    en: str
    event_id: str
    parent: int | None
    mapping_version: int
    faults: int
    closed_by: str
    replayed_as: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterPage:
    """A page of letters, newest first, and the cursor of the next one (None at the end)."""

    letters: tuple[Letter, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What a person did with a letter: viewed, previewed, replayed or closed."""

    kind: str
    actor: str
    role: str
    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A letter with what came, and what was done with it so far, newest first."""

    letter: Letter
    headers: Mapping[str, str]
    body: bytes
    acts: tuple[Act, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Previewed:
    """What a letter would become: its parts as they would be read. Nothing of it is stored."""

    letter: Letter
    parts: tuple[Envelope | Unreadable, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """A letter that was sent through again, and the message it became."""

    letter: int
    message: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A mapping on trial. None leaves what the source has."""

    mapping: Mapping[str, str] | None = None
    severities: Mapping[str, int] | None = None


def page(
    *,
    city: City,
    actor: Person,
    limit: int,
    cursor: str | None = None,
    source: str | None = None,
    code: str | None = None,
    closed: bool = False,
) -> LetterPage:
    """Return a page of open (or closed) dead letters without bodies, newest first. Raises BadRequest."""
    _may(actor, "dead_letters")
    state = InboundState.CLOSED if closed else InboundState.DEAD
    try:
        found = city.store.inbound_page(
            limit=limit, cursor=cursor, state=state.value, source=source, code=code
        )
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error
    return LetterPage(letters=tuple(_shown(row) for row in found.rows), next_cursor=found.next_cursor)


def look(*, city: City, actor: Person, number: int, reason: str) -> Looked:
    """Return a letter with its body; who looked and why is written down first. Raises BadRequest."""
    _may(actor, "dead_letters")
    _reasoned(reason)
    row = _letter(city, number)
    city.store.note_letter(id=number, act=_act(city, actor, "viewed", reason))
    note(city=city, who=actor, kind="letter_viewed", object=str(number), reason=reason)
    acts = (
        Act(kind=act.kind, actor=act.actor, role=act.role, at=act.at, reason=act.reason)
        for act in city.store.letter_acts(id=number)
    )
    return Looked(letter=_shown(row), headers=row.headers, body=row.body, acts=tuple(acts))


def preview(
    *, city: City, actor: Person, ids: Sequence[int] = (), source: str | None = None, proposal: Proposal
) -> list[Previewed]:
    """Return what open letters would become under a proposed mapping; nothing of it is stored.

    The letters are those given, or the latest of a source, at most ``MOST_PREVIEWED``. Their
    contents are shown, so that this is written down as a look. Raises BadRequest.
    """
    _may(actor, "dead_letters")
    _sound(proposal)
    if not ids and source is None:
        return []
    letters = city.store.letters(ids=ids, source=source, limit=MOST_PREVIEWED)
    found = []
    known: dict[str, Source] = {}
    for letter in letters:
        if letter.source not in known:
            known[letter.source] = _proposed(source_of(city=city, name=letter.source), proposal)
        parts = parts_of(city=city, row=letter, source=known[letter.source])
        found.append(Previewed(letter=_shown(letter), parts=tuple(parts)))
        city.store.note_letter(id=letter.id, act=_act(city, actor, "previewed", ""))
    if found:
        numbers = [one.letter.id for one in found]
        note(city=city, who=actor, kind="letters_previewed", object=source or "", detail={"ids": numbers})
    return found


def mapping(*, city: City, actor: Person, name: str) -> Source:
    """Return a source with its mapping. Raises BadRequest."""
    _may(actor, "mapping")
    return source_of(city=city, name=name)


def put_mapping(*, city: City, actor: Person, name: str, proposal: Proposal) -> Source:
    """Give a source another mapping; its version rises when anything changed. Raises BadRequest."""
    _may(actor, "mapping")
    _sound(proposal)
    found = city.store.put_mapping(name=name, mapping=proposal.mapping, severities=proposal.severities)
    note(city=city, who=actor, kind="mapping_changed", object=name)
    return source_of(city=city, name=name) if found is None else found


def replay(*, city: City, actor: Person, number: int, reason: str = "") -> Replayed:
    """Send one letter through again, dated by when it was received. Raises BadRequest."""
    _may(actor, "replay")
    letter = _letter(city, number)
    if letter.state == InboundState.DEAD and letter.format not in REPLAYABLE:
        raise BadRequest(ProblemCode.LETTER_NOT_REPLAYABLE, id=str(number))
    act = _act(city, actor, "replayed", reason)
    found = city.store.replay_letters(ids=[number], act=act)
    if not found:
        raise _settled(city, number)
    return Replayed(letter=number, message=found[0].message)


def replay_all(
    *, city: City, actor: Person, source: str, code: str | None = None, reason: str = ""
) -> list[Replayed]:
    """Send a source's open letters through again, oldest first, at most ``MOST_REPLAYED`` at once.

    Letters of interfaces that answer at once are left out. Raises BadRequest.
    """
    _may(actor, "replay")
    source_of(city=city, name=source)
    ids = city.store.letter_ids(source=source, code=code, formats=REPLAYABLE, limit=MOST_REPLAYED)
    if not ids:
        return []
    found = city.store.replay_letters(ids=ids, act=_act(city, actor, "replayed", reason))
    return [Replayed(letter=one.letter, message=one.message) for one in found]


def close(*, city: City, actor: Person, number: int, reason: str) -> Letter:
    """Close a letter that needs nothing more, with the reason. Raises BadRequest."""
    _may(actor, "close_letter")
    _reasoned(reason)
    _letter(city, number)
    if not city.store.close_letters(ids=[number], act=_act(city, actor, "closed", reason)):
        raise _settled(city, number)
    return _shown(_letter(city, number))


def _shown(row: InboundRow) -> Letter:
    return Letter(
        id=row.id,
        source=row.source,
        channel=row.channel,
        format=row.format,
        content_type=row.content_type,
        size=row.size,
        received_at=row.received_at,
        state=row.state,
        code=row.code,
        params=row.params,
        zh=says(code=row.code, params=row.params, lang="zh"),
        en=says(code=row.code, params=row.params, lang="en"),
        event_id=row.event_id,
        parent=row.parent,
        mapping_version=row.mapping_version,
        faults=row.faults,
        closed_by=row.closed_by,
        replayed_as=row.outcome.get("replay"),
    )


def _letter(city: City, number: int) -> InboundRow:
    found = city.store.inbound(id=number) if 0 < number < 2**62 else None
    if found is None or found.state not in (InboundState.DEAD, InboundState.CLOSED):
        raise BadRequest(ProblemCode.LETTER_NOT_FOUND, id=str(number)[:20])
    return found


def _settled(city: City, number: int) -> BadRequest:
    found = _letter(city, number)
    return BadRequest(ProblemCode.LETTER_SETTLED, id=str(number), state=found.state)


def _proposed(source: Source, proposal: Proposal) -> Source:
    return replace(
        source,
        mapping=source.mapping if proposal.mapping is None else proposal.mapping,
        severities=source.severities if proposal.severities is None else proposal.severities,
    )


def _sound(proposal: Proposal) -> None:
    values = {"mapping": _texts(proposal.mapping), "severities": _texts(proposal.severities)}
    check_values(values=values, most={}, otherwise=500)
    severities = proposal.severities or {}
    if len(severities) > MOST_SEVERITIES:
        detail = f"severities: {len(severities)} > {MOST_SEVERITIES}"
        raise BadRequest(ProblemCode.BAD_MAPPING, detail=detail)
    check_mapping(mapping=proposal.mapping or {}, severities=severities)


def _texts(given: Mapping[str, str] | Mapping[str, int] | None) -> tuple[str, ...]:
    return tuple(str(part) for pair in (given or {}).items() for part in pair)


def _may(actor: Person, command: str) -> None:
    if isinstance(actor, Principal):
        permit(actor, Permission.DEAD_LETTERS)
        return
    if actor.role not in DESK:
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED,
            role=actor.role.value,
            command=command,
            allowed=", ".join(role.value for role in DESK),
        )


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)


def _act(city: City, actor: Person, kind: str, reason: str) -> InboundAct:
    refuse_controls(field="reason", text=reason)
    role = actor.grants_for(Permission.DEAD_LETTERS)[0].post if isinstance(actor, Principal) else actor.role
    return InboundAct(
        kind=kind, actor=account_of(actor), role=role.value, at=city.now(), reason=reason.strip()[:500]
    )
