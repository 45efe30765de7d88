r"""The partitions a worker owns: taken over, fed, made durable, given up.

Theory of operation. A partition is in one of three states:

    assigned --- restore() ---> ready --- release() ---> gone
                                  ^  \
                           feed() |   | commit()
                                  +---+

Only a ready partition is fed. A commit takes a *cut* - a consistent picture between two
records, because nothing is awaited while one is folded - and hands it to the journal; the
partition is fed on meanwhile. What the cut held is counted in the metrics only when the
journal has it. Any failure to write is final: the state in memory is ahead of the journal,
so the worker stops and the next owner starts from what is durable.
"""

import asyncio
import gc
import logging
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar, cast

from streams.clock import Clock
from streams.config.model import Config
from streams.core.aggregates import Totals
from streams.core.announcing import Transition
from streams.core.clocks import BREACHED
from streams.core.events import Refused
from streams.core.processor import Processor, Tallied
from streams.core.requesters import Told
from streams.errors import UserError
from streams.kafka.aside import ExcessError, SourceRecord, excess_told, fault_told, set_aside
from streams.kafka.engine import Engine
from streams.kafka.journal import Answer, Journal, Output, Source, tickets_of
from streams.kafka.recognition import Recognise, mark_of
from streams.wire import packing, requesters
from streams.wire.cloudevents import decode
from streams.wire.deadletters import Origin
from streams.wire.pressing import the_press
from streams.wire.transitions import written

log = logging.getLogger("deskpulse")

CHUNK: Final = 200
"""Records folded, or timers that act, without a break; then other tasks of the event loop get
their turn."""

RESTORED: Final = 50
"""The same for tickets taken over from the changelog: some of them may have to be folded."""
FROZEN: Final = 1_000
_DRAIN_S: Final = 0.01
AT_ONCE: Final = 4
"""Partitions restored side by side: some are fetched while another is taken over. All of them at
once would have all their changelogs in memory."""

MAX_PENDING: Final = 3_000
"""Tickets changed and not durable yet, per partition: more are made durable at once, so that
a cut stays short and memory bounded however fast records come."""

ROUND_S: Final = 60.0
"""Between two rounds: who has no event from one to the next is laid down to rest."""
AWAKE: Final = 50_000
"""Tickets awake, per partition, from which on one round follows another."""
SHORT_MS: Final = 10_000
"""A leader that still does not know what was read of it then, has lost it."""
AHEAD: Final = 2
"""Batches of a partition that are fetched and not folded: of more, others would have to wait."""
LAID_DOWN: Final = 2_000
"""At most so many in a commit cycle, per partition that has fewer awake."""

DELAYS: Final = (100, 250, 500, 1_000, 2_000, 5_000, 10_000, 60_000, 300_000, 3_600_000)
"""Edges for the time from a breach to its acknowledged announcement, milliseconds, inclusive."""

Seek = Callable[[int], Awaitable[None]]
"""Makes the next fetch of a partition start at an offset."""


E = TypeVar("E", bound=Engine)


@dataclass(slots=True)
class OwnedOf(Generic[E]):
    """One source partition of this worker."""

    partition: int
    processor: E
    outputs: list[Output] = field(default_factory=list)
    ready: bool = False
    held: bool = False
    """It is not to be fetched, because it is about to be given up."""
    answer: Answer | None = None
    """What the broker said last of the partition's end."""
    ahead: Answer | None = None
    """An earlier answer with an end that was not reached yet: time moves there when it is."""
    on_the_way: int = 0
    """Batches fetched and not fed yet."""
    due: int | None = None
    """The instant up to which more timers are due than could act at once."""
    spoke_at: int | None = None
    """Wall clock at which timers first had something to say that is not durable yet."""
    last: SourceRecord | None = None
    """The record read last."""
    last_read_at: int | None = None
    """Kafka's timestamp of the record read last, epoch milliseconds."""
    feeding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One batch after the other, in the order they came."""
    committing: asyncio.Lock = field(default_factory=asyncio.Lock)
    written: int = 0
    """Writes that have ended."""
    short_since: int | None = None
    """The instant of the first of the answers that end before what was read, epoch milliseconds."""
    round_at: float = 0.0
    """When the last look for tickets that may rest began, seconds of the event loop."""
    writing: asyncio.Task[None] | None = None
    """A write beside the commit cycle, because much had changed."""

    @property
    def lag(self) -> int:
        """Records not folded yet."""
        return 0 if self.answer is None else max(0, self.answer.end - self.processor.position)

    @property
    def caught_up(self) -> bool:
        """Whether everything before the broker's last answer is folded.

        Judged by what was taken, not by the position: transaction markers at the end of the
        partition are offsets that no reader ever sees.
        """
        return self.answer is not None and self._has_taken(self.answer.end)

    @property
    def held_back(self) -> bool:
        """Whether everything that may be read is folded, and an open transaction hides the rest."""
        answer = self.answer
        if answer is None or answer.stable is None or answer.stable >= answer.end:
            return False
        return self._has_taken(answer.stable)

    def _has_taken(self, end: int) -> bool:
        return self.answer is not None and not self.on_the_way and self.answer.taken >= end

    def reached(self) -> int | None:
        """The latest instant at which the end was read that has been reached since (DESIGN 3).

        Not only the last answer counts: where one transaction of a source is always open, its
        readers never stand at the end, and yet reach what was the end a while ago.
        """
        answer, ahead = self.answer, self.ahead
        if answer is None:
            return None
        if self.caught_up:
            self.ahead = None
            return answer.at
        if ahead is None or self._has_taken(ahead.end):
            self.ahead = answer
            return None if ahead is None else ahead.at
        return None


class BrokenError(Exception):
    """Nothing is written after a write that failed: the state in memory is ahead."""


@dataclass(slots=True)
class Counted:
    """What this process has counted since it started; never goes back."""

    totals: Totals = field(default_factory=Totals)
    outcomes: Tallied = field(default_factory=Counter)
    transitions: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """What was said of SLA clocks, by (policy, clock, queue, transition)."""
    spent: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """Budget that stopped clocks used, milliseconds by (policy, clock, part, value): parts as in
    `streams.core.facts.SPENT`."""
    delays: list[int] = field(default_factory=lambda: [0] * (len(DELAYS) + 1))
    """How many breaches were announced how late: by place in `DELAYS`, more than all last."""
    delay: int = 0
    """The sum of the delays, milliseconds."""
    committed_at: int | None = None
    """Wall clock of the last successful commit."""


class PartitionsOf(Generic[E]):
    """All partitions of one source in one worker, over one journal."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        clock: Clock,
        source: Source | None = None,
        engine: Callable[[], E] | None = None,
        recognise: Recognise | None = None,
    ) -> None:
        """Of tickets, unless a source and its engine are named.

        `recognise` sees to it that a source is the one that was read (`streams.kafka.recognition`).
        """
        self.source = tickets_of(config) if source is None else source
        self.owned: dict[int, OwnedOf[E]] = {}
        self.counted = Counted()
        self.wake = asyncio.Event()
        """Set when something is to be said that cannot wait for the next commit cycle."""
        self.held_up_s = 0.0
        """How long the event loop let something wait that was due, seconds: the longest lately."""
        self.broken: BaseException | None = None
        """The failed write after which nothing is written or read any more."""
        self.hanging: dict[int, str] = {}
        """What holds a partition up that no new start would help, and what to do, by partition."""
        self._config = config
        self._settings = config.engine
        self._journal = journal
        self._clock = clock
        self._recognise = recognise
        self._faults: set[str] = set()
        """Faults of ours that were told already; there are no more than lines of the program."""
        self._engine = cast("Callable[[], E]", self._tickets) if engine is None else engine
        self._restoring: dict[int, asyncio.Task[OwnedOf[E]]] = {}
        self._restores = asyncio.Semaphore(AT_ONCE)
        self._leaving = asyncio.Lock()
        """Held while partitions are given up: by a rebalance, or to be taken over again."""
        self._look_ahead()

    def reconfigure(self, config: Config, engine: Callable[[], E]) -> None:
        """Take partitions over under this configuration from now on (see `renew`)."""
        self._config, self._settings, self._engine = config, config.engine, engine
        self._look_ahead()

    def _look_ahead(self) -> None:
        """A calendar works its years out when it is first asked: not between two records."""
        for policy in self._settings.policies.policies:
            policy.calendar.before(self._clock())

    def _tickets(self) -> Processor:
        bound = self._config.dead_letters.bound
        return Processor(self._settings, packing, bound=bound, press=the_press())

    # -- ownership ------------------------------------------------------------------------

    async def renew(
        self, partition: int, seek: Seek, fetching: Callable[[], bool] = lambda: False
    ) -> OwnedOf[E] | None:
        """Give a partition up and take it over again, as a restart does: under other settings.

        `fetching` says whether a fetch that began before is under way. `None` when the partition
        was released meanwhile.
        """
        owned = self.owned.get(partition)
        if owned is None or not owned.ready:
            return None
        # Nothing more is fetched, and what is on its way is folded: of two batches the first
        # may not be left out.
        owned.held = True
        while self.broken is None and self.owned.get(partition) is owned:
            if not owned.on_the_way and not fetching():
                break
            await asyncio.sleep(_DRAIN_S)
        async with self._leaving:
            if self.owned.get(partition) is not owned:
                return None
            await self._give_up([owned])
            restoring = self._begin(partition, seek)
        return await self._restored(partition, restoring)

    async def restore(self, partition: int, seek: Seek) -> OwnedOf[E] | None:
        """Take a partition over and have it read on from where its state stands.

        The committed position counts; where the broker has forgotten it, the changelog
        knows one too. Without either the partition is read from its beginning. `None` when
        the partition was released meanwhile.
        """
        return await self._restored(partition, self._begin(partition, seek))

    def _begin(self, partition: int, seek: Seek) -> "asyncio.Task[OwnedOf[E]]":
        owned = self.owned[partition] = OwnedOf(partition, self._engine())
        task = asyncio.ensure_future(self._restore(owned, seek))
        self._restoring[partition] = task
        return task

    async def _restored(
        self, partition: int, task: "asyncio.Task[OwnedOf[E]]"
    ) -> OwnedOf[E] | None:
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return None
        finally:
            if self._restoring.get(partition) is task:
                del self._restoring[partition]

    async def _restore(self, owned: OwnedOf[E], seek: Seek) -> OwnedOf[E]:
        async with self._restores:
            changelog, position = await self._journal.open(owned.partition)
            for restored in owned.processor.restore(changelog):
                if restored % RESTORED == 0:
                    await asyncio.sleep(0)
                if restored % FROZEN == 0:
                    # Tickets stay: the garbage collector need not look through them.
                    gc.freeze()
        mark = owned.processor.mark
        if mark is not None and self._recognise is not None:
            await self._recognise(owned.partition, mark)
        if position is not None:
            owned.processor.position = position
        # Always: before it was ready, records may have been fetched for nobody.
        await seek(owned.processor.position)
        self._follow_events(owned)
        owned.ready = True
        return owned

    async def release(self, partitions: Iterable[int]) -> None:
        """Make the last changes durable, then give the partitions up.

        One that is still being restored is left at once.
        """
        async with self._leaving:
            await self._give_up([self.owned[p] for p in partitions if p in self.owned])

    async def _give_up(self, leaving: Sequence[OwnedOf[E]]) -> None:
        ready = [owned for owned in leaving if owned.ready]
        for owned in leaving:
            # From here on a batch that is still on its way is left to the next owner.
            owned.ready = False
            restoring = self._restoring.get(owned.partition)
            if restoring is not None:
                restoring.cancel()
                await asyncio.wait([restoring])
        try:
            await self._each(self._write, ready)
        finally:
            for owned in leaving:
                del self.owned[owned.partition]
                await self._journal.close(owned.partition)

    # -- records --------------------------------------------------------------------------

    async def feed(self, partition: int, records: Sequence[SourceRecord]) -> None:
        """Decode, judge and fold records of one partition, in offset order.

        Records before the position were read already and are skipped; all of them are left
        to the next owner when the partition is not (or no longer) ready. Raises `ExcessError`
        before the record that would be refused too many; what was refused until then is written.
        """
        owned = self.owned.get(partition)
        if owned is not None:
            async with owned.feeding:
                with self._whole():
                    await self._feed(owned, records)

    async def _feed(self, owned: OwnedOf[E], records: Sequence[SourceRecord]) -> None:
        for start in range(0, len(records), CHUNK):
            if not owned.ready or self.broken is not None:
                return
            position = owned.processor.position
            self._fold(owned, [r for r in records[start : start + CHUNK] if r.offset >= position])
            if owned.processor.excess is not None:
                await self._write(owned)
                owned.ready = False
                raise ExcessError(
                    excess_told(
                        self._config.topics,
                        self.source.topic,
                        owned.partition,
                        owned.processor.excess,
                    )
                )
            if owned.processor.pending >= MAX_PENDING:
                await self._write_beside(owned)
            await asyncio.sleep(0)
        owned.on_the_way = max(0, owned.on_the_way - 1)
        self._move_clock(owned)

    def _fold(self, owned: OwnedOf[E], records: Sequence[SourceRecord]) -> None:
        if not records:
            return
        now, skew = self._clock(), self._settings.future_skew
        arrivals = [
            (
                r.offset,
                decode(
                    r.key,
                    r.value,
                    r.headers,
                    now_ms=now,
                    future_skew_ms=skew,
                    types=self.source.types,
                ),
            )
            for r in records
        ]
        for verdict in owned.processor.apply(arrivals):
            record, (_, arrival) = records[verdict.place], arrivals[verdict.place]
            fault = arrival.fault if isinstance(arrival, Refused) else ""
            if fault and fault not in self._faults:
                self._faults.add(fault)
                log.error(fault_told(fault, owned.partition, record.offset))
            where = Origin(self.source.topic, owned.partition, record.offset)
            owned.outputs.append(
                set_aside(self._config.topics, record, verdict, where, seen_ms=now, fault=fault)
            )
        if records[-1].offset < owned.processor.position:
            owned.last = records[-1]
        owned.last_read_at = records[-1].timestamp
        self._follow_events(owned)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What breaks off in the middle leaves state that must not become durable."""
        try:
            yield
        except ExcessError:
            # Everything before it is whole, and written.
            raise
        except Exception as error:
            if self.broken is None:
                self.broken = error
            raise

    def _follow_events(self, owned: OwnedOf[E]) -> None:
        """With `time: event`, effective now stays a bound behind the newest event."""
        if self._config.time == "event" and owned.processor.newest is not None:
            self._advance(owned, owned.processor.newest - self._config.out_of_orderness)

    def _advance(self, owned: OwnedOf[E], now: int) -> None:
        """Let timers act; what they say, and what more is due, is not left waiting."""
        with self._whole():
            owned.due = now if owned.processor.advance(now, CHUNK) else None
        if owned.processor.speaks or owned.due is not None:
            self.wake.set()
            if owned.spoke_at is None:
                owned.spoke_at = self._clock()

    async def _let_pass(self, owned: OwnedOf[E]) -> None:
        """A wave of deadlines is due at once: see to all of them, in turns with others."""
        while owned.ready and owned.due is not None and self.broken is None:
            self._advance(owned, owned.due)
            if owned.processor.pending >= MAX_PENDING:
                await self._write(owned)
            await asyncio.sleep(0)

    # -- time -----------------------------------------------------------------------------

    def fetched(self, partition: int, answer: Answer, *, records: bool) -> None:
        """Note what the broker answered; with records, a batch is on its way to `feed`.

        Raises `UserError` when the topic ends before what was read of it, and goes on to: a new
        leader may not know its end at once.
        """
        owned = self.owned.get(partition)
        if owned is not None and owned.ready:
            if answer.end >= owned.processor.position:
                owned.short_since = None
            elif owned.short_since is None:
                owned.short_since = answer.at
            if owned.short_since is not None:
                owned.on_the_way += records
                if answer.at - owned.short_since < SHORT_MS:
                    return
                raise UserError(
                    f"partition {partition} of {self.source.topic} ends at offset "
                    f"{answer.end}, but was read up to {owned.processor.position}: the topic was "
                    "made anew or has lost records; `deskpulse reset` starts over with it"
                )
            owned.answer = answer
            owned.on_the_way += records
            self._move_clock(owned)

    def _move_clock(self, owned: OwnedOf[E]) -> None:
        """Effective now (DESIGN section 3): the instant the partition has caught up with."""
        now = owned.reached() if self._config.time == "wall" and owned.ready else None
        if now is not None and self.broken is None:
            self._advance(owned, now)

    # -- durability -----------------------------------------------------------------------

    async def commit(self) -> None:
        """Make durable what has changed, all partitions side by side."""
        ready = [owned for owned in self.owned.values() if owned.ready]
        if waves := [owned for owned in ready if owned.due is not None]:
            await self._each(self._let_pass, waves)
        await self._each(self._write, [owned for owned in ready if owned.ready])

    async def rest(self) -> None:
        """Lay tickets down that nobody has touched for a while, in turns with others."""
        now = asyncio.get_running_loop().time()
        for owned in list(self.owned.values()):
            if now - owned.round_at >= ROUND_S or owned.processor.awake >= AWAKE:
                owned.round_at = now
                owned.processor.look_for_rest()
            left = LAID_DOWN
            while owned.ready and (left > 0 or owned.processor.awake >= AWAKE):
                with self._whole():
                    goes_on = owned.processor.rest(CHUNK)
                if not goes_on:
                    break
                left -= CHUNK
                await asyncio.sleep(0)

    async def _write_beside(self, owned: OwnedOf[E]) -> None:
        """Write while the partition is fed on; at most one write is under way."""
        if owned.writing is not None:
            await asyncio.wait([owned.writing])
        if self.broken is None and owned.ready:
            owned.writing = asyncio.ensure_future(self._write(owned))
            owned.writing.add_done_callback(_heed)
            # It takes its cut now, unless the commit cycle is writing: then after that.
            await asyncio.sleep(0)

    async def _write(self, owned: OwnedOf[E]) -> None:
        async with owned.committing:
            if self.broken is not None:
                # What the operator reads: one that failed beside the cycle told nobody yet.
                why = f"{type(self.broken).__name__}: {self.broken}"
                raise BrokenError(f"an earlier write failed: {why}") from self.broken
            processor = owned.processor
            if not processor.changed and not owned.outputs:
                return
            if owned.last is not None:
                last = owned.last
                processor.mark = mark_of(last.offset, last.key, last.value)
            try:
                cut, spoke_at = processor.cut(), owned.spoke_at
                owned.spoke_at = None
                outputs, owned.outputs = owned.outputs, []
                outputs += self._said(cut.transitions)
                outputs += self._told(cut.told)
                await self._journal.write(owned.partition, cut.position, cut.writes, outputs)
            except BaseException as error:
                # What the cut held is in no journal, and no later cut holds it again.
                self.broken = error
                raise
            owned.written += 1
            self.counted.totals.merge(cut.totals)
            self.counted.outcomes.update(cut.outcomes)
            self.counted.committed_at = self._clock()
            self._count(cut.transitions, self.counted.committed_at, spoke_at)

    def _said(self, transitions: Iterable[Transition]) -> list[Output]:
        now, topic = self._clock(), self._config.topics.transitions
        return [Output(topic, *written(one, detected_at=now)) for one in transitions]

    def _told(self, told: Iterable[Told]) -> list[Output]:
        topic = self._config.ticket_facts
        return [Output(topic, *requesters.written(one), by_key=True) for one in told]

    def _count(self, transitions: Iterable[Transition], now: int, spoke_at: int | None) -> None:
        """Count what is acknowledged; with `time: event` a breach is as old as its timer."""
        counted, wall = self.counted, self._config.time == "wall"
        for one in transitions:
            queue = one.attributes.get("queue", "")
            counted.transitions[one.policy, one.clock, queue, one.transition] += 1
            for (part, value), amount in one.spent:
                counted.spent[one.policy, one.clock, part, value] += amount
            if one.transition == BREACHED and one.by_timer:
                delay = max(0, now - (one.at if wall or spoke_at is None else spoke_at))
                counted.delays[bisect_left(DELAYS, delay)] += 1
                counted.delay += delay

    @staticmethod
    async def _each(
        do: Callable[[OwnedOf[E]], Awaitable[None]], owned: Iterable[OwnedOf[E]]
    ) -> None:
        """Run side by side; the first failure is raised after all have ended."""
        results = await asyncio.gather(*(do(one) for one in owned), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result


Owned = OwnedOf[Processor]
Partitions = PartitionsOf[Processor]
"""Those of tickets."""


def _heed(writing: asyncio.Task[None]) -> None:
    """A write that failed has told so (`Partitions.broken`): nothing is written after it."""
    if not writing.cancelled():
        writing.exception()
