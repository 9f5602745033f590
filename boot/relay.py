"""The relay process: carries what the store owes to the workflows and to people.

Loops over the outbox: cases to start, children to start, commands whose own delivery did not succeed,
notices to send, instructions whose reminders are due, and alarms to be told of their cases. A row is claimed for a lease;
whoever dies lets its lease run out and another relay takes over. Rows of severe cases go
first.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from boot.alarm_clock import keep_alarms
from boot.channels import channels_of, docks_of, renderer_of
from boot.docks import carry, watch
from boot.inbound import read_inbound
from boot.live import prune_live, publish_live
from boot.notices import message_of
from boot.reload import Reloader
from boot.rounds import where
from boot.schedule import keep_schedule
from boot.settings import Settings
from boot.wiring import connect, connect_store, open_city
from boot.worker import stop_event
from domain.dock import Dock
from domain.errors import CommandRefused
from notifications.delivery import Channel, Renderer, State, deliver
from notifications.retry import next_attempt_s
from store.rows import OutboxKind, OutboxRow, OutboxState
from usecases.alarm_desk import tell_alarms, told_of
from usecases.bursts import look
from usecases.city import City
from usecases.deliver import deliver as deliver_command
from usecases.docks import Handed
from usecases.instruct import fire
from usecases.revive import revival_of, revive
from usecases.start_case import Start, start_cases
from usecases.start_child import begin_of, start_child

LEASE_S = 30.0
STARTS = 24
"""Cases decided and started together: enough to keep server and worker busy on two cores."""
IDLE_S = 0.08
REMINDERS_IDLE_S = 0.5
"""Nobody waits for a reminder to the tenth of a second; the database need not be asked so often."""
YIELD_S = 0.7
"""A rest in a storm. With it some 24 cases a second go out; the receipts come first."""
TRY_AGAIN = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
REVIVALS_IDLE_S = 0.5
"""How often to look for reports that were split off: rare, and nobody waits at a screen for one."""
SOON_AGAIN_S = 15.0
"""The longest a case or a person's command waits for its next try: when Temporal is back, so are they."""
NO_DOCKS: Mapping[str, Dock] = {}
log = structlog.get_logger()


class Relay:
    """The loops of one relay process."""

    def __init__(
        self,
        *,
        city: City,
        channels: dict[str, Channel],
        renderer: Renderer,
        public_url: str,
        docks: Mapping[str, Dock] = NO_DOCKS,
    ) -> None:
        """Keep what the loops work with."""
        self._city = city
        self._docks = docks
        self._channels = channels
        self._renderer = renderer
        self._public_url = public_url
        self._owed = 0
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    @property
    def city(self) -> City:
        """Return the city that is served now."""
        return self._city

    def serve(self, city: City) -> None:
        """Go on with another city: a changed pack. What is being carried ends with the one it began with."""
        self._city = city

    async def run(self, stop: asyncio.Event) -> None:
        """Run until stopped."""
        await asyncio.gather(
            self._loop(stop, OutboxKind.START_CASE, STARTS, self._start_and_yield),
            self._loop(stop, OutboxKind.START_CHILD, 16, self._children),
            self._loop(stop, OutboxKind.REVIVE_CASE, 4, self._revivals, idle_s=REVIVALS_IDLE_S),
            self._loop(stop, OutboxKind.LOOK_FOR_BURST, 16, self._looks),
            self._loop(stop, OutboxKind.DELIVER_COMMAND, 16, self._commands),
            self._loop(stop, OutboxKind.NOTIFY, 16, self._notify),
            self._loop(stop, OutboxKind.HAND_OVER, 16, self._hand_overs, idle_s=REVIVALS_IDLE_S),
            self._loop(stop, OutboxKind.INSTRUCTION_TIMER, 1, self._remind, idle_s=REMINDERS_IDLE_S),
            self._loop(stop, OutboxKind.TELL_ALARM, 16, self._tells),
        )

    async def _loop(
        self,
        stop: asyncio.Event,
        kind: OutboxKind,
        most: int,
        work: Callable[[list[OutboxRow]], Awaitable[None]],
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        while not stop.is_set():
            try:
                rows = await asyncio.to_thread(
                    lambda: self._city.store.claim(
                        kinds=(kind,),
                        limit=most,
                        now=self._city.now(),
                        worker=self.name,
                        lease_s=self._city_seconds(LEASE_S),
                    )
                )
                if rows:
                    await work(rows)
            except Exception:
                # The loop must outlive any fault: the rows stay owed and come again after their lease.
                log.exception("relay loop", kind=kind.value)
                rows = []
                await asyncio.sleep(1.0)
            if not rows:
                await _pause(stop, idle_s)

    def _city_seconds(self, seconds: float) -> float:
        """Return machine seconds as city seconds: the store keeps city time only."""
        return seconds * self._city.clock.speed

    async def _start_and_yield(self, rows: list[OutboxRow]) -> None:
        """Start cases; rest a moment while more than a batch is owed and it grows."""
        await self._start(rows)
        owed = await asyncio.to_thread(lambda: self._city.store.pending(kinds=(OutboxKind.START_CASE,)))
        growing, self._owed = owed > max(self._owed, STARTS), owed
        if growing:
            await asyncio.sleep(YIELD_S)

    async def _start(self, rows: list[OutboxRow]) -> None:
        """Start the cases of these rows together; where that faults, each by itself.

        One report nobody can decide (its channel has left the pack since it was accepted)
        must not hold up the reports it happened to be claimed with, again and again.
        """
        try:
            await self._start_together(rows)
        except Exception:
            if len(rows) == 1:
                log.exception("cannot start case", case_no=rows[0].case_no)
                await self._again(rows[0], "cannot_start")
                return
            log.warning("starting cases one by one", cases=len(rows))
            for row in rows:
                await self._start([row])

    async def _start_together(self, rows: list[OutboxRow]) -> None:
        starts = await asyncio.to_thread(self._reports, rows)
        failed = await start_cases(city=self._city, starts=starts)
        again = {start.outbox_id for start in failed}
        for row in rows:
            if row.id in again:
                await self._again(row, "not_started", _soon(row))

    def _reports(self, rows: list[OutboxRow]) -> list[Start]:
        """Return what to start. LookupError for a row whose report is not there."""
        starts = []
        for row in rows:
            report = self._city.store.report(report_no=row.payload["report_no"])
            if report is None:
                raise LookupError(f"outbox row {row.key} without its report")
            starts.append(Start(outbox_id=row.id, report=report, again=row.attempts > 1))
        return starts

    async def _each(self, rows: list[OutboxRow], work: Callable[[OutboxRow], Awaitable[None]]) -> None:
        """Carry these rows out beside each other; one that faults waits longer each time and holds up no other."""
        await asyncio.gather(*(self._tried(row, work) for row in rows))

    async def _tried(self, row: OutboxRow, work: Callable[[OutboxRow], Awaitable[None]]) -> None:
        try:
            await work(row)
        except Exception as error:  # noqa: BLE001 - one row's fault, whatever it is, is that row's alone
            # Not logged with its text: that may quote what people wrote.
            log.error(  # noqa: TRY400
                "row cannot be carried out",
                kind=row.kind,
                case_no=row.case_no,
                attempts=row.attempts,
                error=type(error).__name__,
                at=where(error),
            )
            await self._again(row, f"fault:{type(error).__name__}")

    async def _children(self, rows: list[OutboxRow]) -> None:
        await self._each(rows, self._child)

    async def _child(self, row: OutboxRow) -> None:
        start = begin_of(row.payload)
        if not await start_child(city=self._city, start=start, outbox_id=row.id):
            await self._again(row, "not_started", _soon(row))

    async def _revivals(self, rows: list[OutboxRow]) -> None:
        await self._each(rows, self._revive)

    async def _revive(self, row: OutboxRow) -> None:
        revival = revival_of(outbox_id=row.id, payload=row.payload)
        if not await revive(city=self._city, revival=revival):
            await self._again(row, "not_started", _soon(row))

    async def _looks(self, rows: list[OutboxRow]) -> None:
        for row in rows:
            await self._tried(row, self._look)

    async def _look(self, row: OutboxRow) -> None:
        again, rule = row.attempts > 1, row.payload["rule"]
        await asyncio.to_thread(look, city=self._city, case_no=row.case_no, rule=rule, again=again)
        await self._finish(row, OutboxState.DONE)

    async def _commands(self, rows: list[OutboxRow]) -> None:
        await self._each(rows, self._command)

    async def _command(self, row: OutboxRow) -> None:
        kept = await asyncio.to_thread(lambda: self._city.store.command(request_id=row.payload["request_id"]))
        if kept is None or kept.status != "pending":
            await self._finish(row, OutboxState.DONE)
            return
        try:
            done = await deliver_command(city=self._city, case_no=row.case_no, command=kept.command)
        except CommandRefused as refused:
            log.info("command refused", case_no=row.case_no, code=refused.code.value)
            return
        if not done:
            await self._again(row, "case_unreachable", _soon(row))

    async def _notify(self, rows: list[OutboxRow]) -> None:
        await self._each(rows, self._send)

    async def _hand_overs(self, rows: list[OutboxRow]) -> None:
        """Carry rows to other people's systems: a loop of their own, since those may be slow."""
        await self._each(rows, self._hand_over)

    async def _hand_over(self, row: OutboxRow) -> None:
        """Carry a notice to a unit's own system; what became of it is settled there or here."""
        handed, wait = await carry(city=self._city, row=row, docks=self._docks)
        if handed.fate is Handed.SETTLED:
            return
        if handed.fate is Handed.NOT_FOR_IT:
            await self._finish(row, OutboxState.DONE, handed.code)
        elif wait is not None:
            await self._again(row, handed.code, wait)
        else:
            await self._finish(row, OutboxState.UNKNOWN, handed.code)

    async def _send(self, row: OutboxRow) -> None:
        message = await asyncio.to_thread(
            lambda: message_of(city=self._city, row=row, public_url=self._public_url)
        )
        if message is None:
            await self._finish(row, OutboxState.FAILED, "case_gone")
            return
        outcome = await deliver(message=message, channels=self._channels, renderer=self._renderer)
        wait = next_attempt_s(channel=message.channel, outcome=outcome, attempts=row.attempts)
        if outcome.state in (State.HANDED_OVER, State.SUPPRESSED):
            await self._finish(row, OutboxState.DONE, outcome.code)
        elif wait is not None:
            await self._again(row, outcome.code, wait)
        else:
            final = OutboxState.UNKNOWN if outcome.state is State.UNKNOWN else OutboxState.FAILED
            await self._finish(row, final, outcome.code)

    async def _remind(self, rows: list[OutboxRow]) -> None:
        for row in rows:
            await self._tried(row, self._remind_of)

    async def _remind_of(self, row: OutboxRow) -> None:
        """Carry out the timer of an instruction, which settles its row together with what it brings."""
        reminded = await asyncio.to_thread(fire, city=self._city, row=row)
        log.info("instruction timer", number=row.case_no, reminded=reminded)

    async def _tells(self, rows: list[OutboxRow]) -> None:
        for row in rows:
            await self._tried(row, self._tell)

    async def _tell(self, row: OutboxRow) -> None:
        """Tell the alarms about a case how it stands."""
        told = told_of(row.payload)
        await asyncio.to_thread(tell_alarms, city=self._city, case_no=row.case_no, told=told)
        await self._finish(row, OutboxState.DONE)

    async def _finish(self, row: OutboxRow, state: OutboxState, error: str = "") -> None:
        outcome = {"code": error} if error else None
        await asyncio.to_thread(
            lambda: self._city.store.finish(id=row.id, state=state, outcome=outcome, now=self._city.now())
        )

    async def _again(self, row: OutboxRow, error: str, after_s: float | None = None) -> None:
        wait = after_s if after_s is not None else _pause_s(row)
        not_before = self._city.now() + timedelta(seconds=self._city_seconds(wait))
        await asyncio.to_thread(lambda: self._city.store.retry(id=row.id, not_before=not_before, error=error))


def _pause_s(row: OutboxRow) -> float:
    return TRY_AGAIN[min(row.attempts, len(TRY_AGAIN)) - 1]


def _soon(row: OutboxRow) -> float:
    return min(_pause_s(row), SOON_AGAIN_S)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = stop_event()
    store = connect_store(settings, pool=8)
    client = await connect()
    city = open_city(settings=settings, store=store, client=client)
    channels = channels_of(settings)
    renderer = renderer_of(settings)
    log.info("relay ready", pack=city.pack.version, channels=sorted(channels))
    docks = docks_of(settings)
    relay = Relay(
        city=city, channels=channels, renderer=renderer, public_url=settings.public_url, docks=docks
    )
    reloader = Reloader(settings=settings, city=city)
    await asyncio.gather(
        relay.run(stop),
        keep_schedule(client, stop),
        reloader.run(swap=relay.serve, stop=stop),
        watch(settings=settings, city=lambda: relay.city, docks=docks, stop=stop),
        keep_alarms(city=lambda: relay.city, stop=stop),
        read_inbound(city=lambda: relay.city, worker=relay.name, stop=stop),
        publish_live(store=store, settings=settings, stop=stop),
        prune_live(city=lambda: relay.city, stop=stop),
    )
    store.close()
