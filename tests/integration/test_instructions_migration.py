"""Notices written before instructions existed survive the change of their table, and their numbers go on."""

from alembic import command
from sqlalchemy import bindparam, create_engine, event, text

from store.codec import Utc
from store.engine import open_store
from store.migrate import alembic_config
from tests.integration.store_samples import NOW, case_no

BEFORE = "0002"
CASE = text(
    "INSERT INTO cases (case_no, status, category, severity, channel, received_at)"
    " VALUES (:case_no, 'dispatched', 'E0110', 3, 'phone', :at)"
).bindparams(bindparam("at", type_=Utc))
MESSAGE = text(
    "INSERT INTO messages (case_no, epoch, seq, n, template, unit, context, at)"
    " VALUES (:number, 1, 1, :n, 'assignment', 'street-1', '{}', :at)"
).bindparams(bindparam("at", type_=Utc))


def test_old_notices_stay_and_new_ones_may_belong_to_an_instruction(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys = ON").close())
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    with engine.begin() as connection:
        connection.execute(CASE, {"case_no": case_no(1), "at": NOW})
        for n in range(3):
            connection.execute(MESSAGE, {"number": case_no(1), "n": n, "at": NOW})
        connection.execute(text("DELETE FROM messages WHERE n = 2"))
    store = open_store(empty_database_url)
    store.migrate()
    kept = store.inbox_messages(unit="street-1", limit=9).messages
    assert [(one.id, one.case_no, one.n, one.at) for one in kept] == [
        (2, case_no(1), 1, NOW),
        (1, case_no(1), 0, NOW),
    ]
    with engine.begin() as connection:
        connection.execute(MESSAGE, {"number": "INS-1", "n": 0, "at": NOW})
    newest = store.inbox_messages(unit="street-1", limit=1).messages[0]
    assert (newest.id > 2, newest.case_no) == (True, "INS-1")
    store.close()
    engine.dispose()
