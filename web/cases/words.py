"""What the pages of cases call things."""

from collections.abc import Mapping

from domain.case_tabs import Tab
from domain.views import CaseSort
from web.words import N_

TABS: Mapping[Tab, str] = {
    Tab.OPEN: N_("All open"),
    Tab.INTAKE: N_("To be dispatched"),
    Tab.WAITING: N_("To be signed in"),
    Tab.WORKING: N_("In hand"),
    Tab.STUCK: N_("Returned, in dispute"),
    Tab.CHECKING: N_("To be checked"),
    Tab.DONE: N_("Settled cases"),
    Tab.ENDED: N_("Archived cases"),
    Tab.ALL: N_("All"),
}
SORTS: Mapping[CaseSort, str] = {
    CaseSort.NEWEST: N_("Newest first"),
    CaseSort.DUE: N_("Due first"),
    CaseSort.SEVERITY: N_("Gravest first"),
}
DUES: Mapping[str, str] = {
    "overdue": N_("Overdue"),
    "2h": N_("Due within 2 hours"),
    "24h": N_("Due within 24 hours"),
}
HOW: Mapping[str, str] = {
    "parent": N_("Parent case"),
    "child": N_("Child case"),
    "master": N_("Merged into"),
    "merged": N_("Merged into this one"),
    "repeat_of": N_("The same demand before"),
    "nearby": N_("Open nearby"),
    "reporter": N_("Of the same reporter"),
}
BECAME: Mapping[str, str] = {
    "done": N_("done"),
    "pending": N_("will be carried out"),
    "refused": N_("refused"),
}
