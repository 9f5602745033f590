"""The store as everybody above uses it: one object, one database."""

from store.alarm_reads import AlarmReader
from store.attachments import Attachments
from store.board_reads import BoardReader
from store.bursts import Bursts
from store.case_points import CasePointReader
from store.case_reads import CaseReader
from store.cases import CaseWriter
from store.changes import ChangeReader
from store.database import engine_of
from store.deeds import Deeds
from store.deliveries import Deliveries
from store.devices import Devices
from store.docks import Docks
from store.drafts import Drafts
from store.figures import FigureReader
from store.inbound import Inbound
from store.inbox import Inbox
from store.instruction_reads import InstructionReader
from store.instructions import Instructions
from store.intake import Intake
from store.letters import Letters
from store.listening import Listening
from store.message_box import MessageBox
from store.migrate import Migrations
from store.open311_reads import Open311Reader
from store.outbox import Outbox
from store.people import People
from store.people_sessions import PeopleSessions
from store.repeat_reads import RepeatReader
from store.replay_reads import ReplayReader
from store.saved_views import SavedViews
from store.screens import Screens
from store.signals import Signals
from store.sources import Sources
from store.supplements import Supplements
from store.task_reads import TaskReader
from store.units import Units
from store.uploads import Uploads
from store.windows import Windows


class Store(
    Migrations,
    Intake,
    CaseWriter,
    RepeatReader,
    CaseReader,
    CasePointReader,
    Bursts,
    Outbox,
    Deliveries,
    Supplements,
    Inbox,
    Inbound,
    Letters,
    MessageBox,
    Units,
    ReplayReader,
    Instructions,
    InstructionReader,
    Sources,
    Attachments,
    Docks,
    Devices,
    Windows,
    Listening,
    Open311Reader,
    SavedViews,
    Signals,
    AlarmReader,
    FigureReader,
    BoardReader,
    Screens,
    ChangeReader,
    Deeds,
    People,
    PeopleSessions,
    Drafts,
    Uploads,
    TaskReader,
):
    """Everything that is kept. Thread-safe; calls block, so asyncio code calls them in threads."""


def open_store(url: str, *, pool: int = 5, right_of_way: bool = False) -> Store:
    """Open ``sqlite:///PATH`` (its folder is made) or ``postgresql+psycopg://…``.

    ``pool`` connections are kept, twice as many used at most. On SQLite the process with
    ``right_of_way`` (the one that takes reports) asks for the write lock more often than
    the others and leaves it to them to tidy the log. Nothing is connected to
    yet. Raises UnableToOpenStore.
    """
    return Store(engine=engine_of(url=url, pool=pool, right_of_way=right_of_way))
