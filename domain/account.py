"""People who sign in: their posts in the organisation, what a post may do, and where.

A post is given for a node of the organisation tree and reaches as far as that node does (or
only over the areas named). One person may hold several. What a post may do is data:
``POSTS``; the table of people's roles of a case (``domain.transitions``) stays what it is,
each acting post being one of those roles. Separation of the three administrators: GB/T 22239.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Role


class Permission(StrEnum):
    """What a person may be let do. Where: by the post's unit and areas."""

    FILE = "file"
    """File reports, keep drafts, look up a caller's cases, add supplements and urges."""
    SEE_CASES = "see_cases"
    """Read cases, their history and pictures, within one's scope."""
    SEE_REPORTERS = "see_reporters"
    """Read who reported and their numbers: masked; a reveal is logged with its reason."""
    ACT = "act"
    """Send a case the commands its table allows to the post's role."""
    TRIAGE = "triage"
    """Work the triage, return and arbitration queues."""
    TASKS = "tasks"
    """Work one's unit's tasks."""
    VERIFY = "verify"
    """Work the list of looks on site and checks."""
    VISIT = "visit"
    """Work the list of reporters to call back."""
    WATCH = "watch"
    """See the board and the wall."""
    INSTRUCT = "instruct"
    """Give instructions and supervision orders (督办)."""
    EXPORT = "export"
    """Take lists out as files; logged."""
    ALARMS = "alarms"
    """See devices and alarms, and act on alarms."""
    DEAD_LETTERS = "dead_letters"
    """Look at messages nobody could read, correct and replay them."""
    SEE_RULES = "see_rules"
    """See units, rota, calendar, catalogue, routing and templates, and try them out."""
    OPERATE = "operate"
    """See the delivery log and the system's health; send again; plan maintenance."""
    ACCOUNTS = "accounts"
    """Open and close accounts, give posts, set second factors back."""
    AUDIT = "audit"
    """Read the log of what people did, administrators included."""


class Post(StrEnum):
    """What somebody is in the organisation."""

    OPERATOR = "operator"
    TRIAGE = "triage"
    STAFF = "staff"
    LEADER = "leader"
    GRID_WORKER = "grid_worker"
    CHECKER = "checker"
    DISTRICT_SUPERVISOR = "district_supervisor"
    CITY_SUPERVISOR = "city_supervisor"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


class Reach(StrEnum):
    """Which cases a post sees."""

    NONE = "none"
    CITY = "city"
    AREA = "area"
    """Those in the area of its unit (or in the areas named), and those its unit has a part in."""
    UNIT = "unit"
    """Those its unit, or one below it, has a part in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostFacts:
    """One post: its names, its role in a case (None never acts), how far it sees, and what it may do."""

    zh: str
    en: str
    role: Role | None
    reach: Reach
    may: frozenset[Permission]


_P = Permission
_BASE = frozenset({_P.SEE_CASES})
_SUPERVISOR = _BASE | {
    _P.ACT, _P.SEE_REPORTERS, _P.TRIAGE, _P.WATCH, _P.INSTRUCT, _P.EXPORT, _P.ALARMS, _P.DEAD_LETTERS, _P.SEE_RULES,
}  # fmt: skip

POSTS: Mapping[Post, PostFacts] = {
    Post.OPERATOR: PostFacts(
        zh="受理员", en="operator", role=Role.OPERATOR, reach=Reach.CITY,
        may=_BASE | {_P.FILE, _P.ACT, _P.SEE_REPORTERS, _P.VISIT, _P.ALARMS, _P.SEE_RULES},
    ),
    Post.TRIAGE: PostFacts(
        zh="派遣员", en="dispatcher", role=Role.DISPATCHER, reach=Reach.AREA,
        may=_BASE | {
            _P.FILE, _P.ACT, _P.SEE_REPORTERS, _P.TRIAGE, _P.VISIT, _P.EXPORT, _P.ALARMS, _P.DEAD_LETTERS,
            _P.SEE_RULES, _P.WATCH,
        },
    ),
    Post.STAFF: PostFacts(
        zh="处置人员", en="unit staff", role=Role.HANDLER, reach=Reach.UNIT,
        may=_BASE | {_P.ACT, _P.TASKS, _P.SEE_REPORTERS},
    ),
    Post.LEADER: PostFacts(
        zh="单位负责人", en="unit leader", role=Role.LEADER, reach=Reach.UNIT,
        may=_BASE | {_P.ACT, _P.TASKS, _P.SEE_REPORTERS, _P.EXPORT, _P.WATCH},
    ),
    Post.GRID_WORKER: PostFacts(
        zh="网格员", en="grid worker", role=Role.CHECKER, reach=Reach.AREA,
        may=_BASE | {_P.FILE, _P.ACT, _P.VERIFY},
    ),
    Post.CHECKER: PostFacts(
        zh="核查员", en="checker", role=Role.CHECKER, reach=Reach.AREA, may=_BASE | {_P.ACT, _P.VERIFY},
    ),
    Post.DISTRICT_SUPERVISOR: PostFacts(
        zh="区级监督指挥", en="district supervisor", role=Role.SUPERVISOR, reach=Reach.AREA, may=_SUPERVISOR,
    ),
    Post.CITY_SUPERVISOR: PostFacts(
        zh="市级监督指挥", en="city supervisor", role=Role.SUPERVISOR, reach=Reach.CITY, may=_SUPERVISOR,
    ),
    Post.AUDITOR: PostFacts(
        zh="考评员", en="auditor", role=None, reach=Reach.CITY,
        may=_BASE | {_P.WATCH, _P.EXPORT, _P.SEE_RULES},
    ),
    Post.SYSTEM_ADMIN: PostFacts(
        zh="系统管理员", en="system administrator", role=None, reach=Reach.NONE,
        may=frozenset({_P.SEE_RULES, _P.OPERATE, _P.DEAD_LETTERS}),
    ),
    Post.SECURITY_ADMIN: PostFacts(
        zh="安全管理员", en="security administrator", role=None, reach=Reach.NONE, may=frozenset({_P.ACCOUNTS}),
    ),
    Post.AUDIT_ADMIN: PostFacts(
        zh="审计管理员", en="audit administrator", role=None, reach=Reach.NONE, may=frozenset({_P.AUDIT}),
    ),
}  # fmt: skip

ADMINISTRATORS = frozenset({Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN})
"""No account holds two of them, nor one beside any other post (三员分立)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One post of a person: at a unit of the tree, over the unit's own area or only over ``areas``."""

    post: Post
    unit: str
    areas: tuple[str, ...] = ()

    @property
    def facts(self) -> PostFacts:
        """Return what the post is."""
        return POSTS[self.post]


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who is signed in, as use cases take it. ``account`` is an account's name, never a person's.

    ``strong``: a second factor was shown in this session. ``language`` is zh or en.
    """

    account: str
    name: str
    grants: tuple[Grant, ...]
    language: str = "zh"
    strong: bool = False
    session: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether any post of this person allows it somewhere."""
        return any(permission in grant.facts.may for grant in self.grants)

    def grants_for(self, permission: Permission) -> tuple[Grant, ...]:
        """Return the posts that allow it."""
        return tuple(grant for grant in self.grants if permission in grant.facts.may)
