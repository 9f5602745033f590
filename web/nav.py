"""The pages in the head of every page: those a person's posts allow."""

from dataclasses import dataclass

from domain.account import Permission, Principal
from web.words import N_


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One page: its address, its name, and what it needs."""

    path: str
    label: str
    permission: Permission


ENTRIES = (
    Entry(path="/desk", label=N_("Desk"), permission=Permission.FILE),
    Entry(path="/tasks", label=N_("Tasks"), permission=Permission.TASKS),
    Entry(path="/verify", label=N_("Checks"), permission=Permission.VERIFY),
    Entry(path="/board", label=N_("Board"), permission=Permission.WATCH),
    Entry(path="/queue", label=N_("Queues"), permission=Permission.TRIAGE),
    Entry(path="/cases", label=N_("Cases"), permission=Permission.SEE_CASES),
    Entry(path="/visits", label=N_("Visits"), permission=Permission.VISIT),
    Entry(path="/ask", label=N_("Enquiry"), permission=Permission.FILE),
    Entry(path="/instructions", label=N_("Instructions"), permission=Permission.INSTRUCT),
    Entry(path="/admin/rules", label=N_("Rules"), permission=Permission.SEE_RULES),
    Entry(path="/admin/devices", label=N_("Devices"), permission=Permission.ALARMS),
    Entry(path="/admin/dead-letters", label=N_("Dead letters"), permission=Permission.DEAD_LETTERS),
    Entry(path="/admin/deliveries", label=N_("Deliveries"), permission=Permission.OPERATE),
    Entry(path="/admin/health", label=N_("Health"), permission=Permission.OPERATE),
    Entry(path="/admin/accounts", label=N_("Accounts"), permission=Permission.ACCOUNTS),
    Entry(path="/admin/audit", label=N_("Audit log"), permission=Permission.AUDIT),
)


def entries_for(who: Principal) -> tuple[Entry, ...]:
    """Return the pages somebody may open, the one they begin their day with first."""
    return tuple(entry for entry in ENTRIES if who.may(entry.permission))


def first_page(who: Principal) -> str:
    """Return where somebody lands after signing in."""
    found = entries_for(who)
    return found[0].path if found else "/profile"
