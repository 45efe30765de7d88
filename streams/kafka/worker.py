"""The Faust worker: an agent and a journal for each source, one commit cycle.

Faust brings the group membership, the assignment, the fetching and the lifecycle; this
module ties its consumer (`streams.kafka.transport`) to the partitions this worker owns
(`streams.kafka.partitions`) and runs the cycle that makes them durable.

Tickets are a source of every worker; agents, customers and requesters where they have topics.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import faust
from faust.types import TP

from streams.clock import Clock, wall_ms
from streams.config.model import Config
from streams.core.entities import Entities
from streams.core.entity import Kind
from streams.core.processor import Processor
from streams.errors import UserError
from streams.kafka.at_least_once import AtLeastOnceJournal
from streams.kafka.connection import faust_credentials
from streams.kafka.diagnosis import not_allowed
from streams.kafka.exactly_once import ExactlyOnceJournal
from streams.kafka.journal import Answer, Journal, Source, tickets_of
from streams.kafka.partitions import AHEAD, Partitions, PartitionsOf
from streams.kafka.recognition import Recognise, recognise
from streams.kafka.stalls import StalledError, Stalls
from streams.kafka.transport import BatchTransport
from streams.wire import packing
from streams.wire.pressing import the_press

log = logging.getLogger("deskpulse")

LOOK_S: Final = 0.5
MAX_CYCLES: Final = 5
BESIDE_S: Final = 0.02
"""Between two moments of what is done beside: it has a third of the time at most."""
GC_THRESHOLDS: Final = (100_000, 10, 1_000_000)
"""For the garbage collector. State makes no cycles and grows all the time, so with Python's own
thresholds much of the time goes into looking for them, and whole sweeps hold everything up."""
STOP_S: Final = 20.0
"""How long a stop may take before the process ends anyway."""

OnCycle = Callable[[Partitions], None]
"""Told after each commit cycle, on the event loop: the moment to look at the numbers."""


class Worker:
    """One worker of the application's group."""

    def __init__(
        self,
        config: Config,
        *,
        exactly_once: bool,
        on_cycle: OnCycle,
        clock: Clock = wall_ms,
        others: Sequence[Source] = (),
    ) -> None:
        """`others` are sources besides the tickets (`streams.kafka.journal.others_of`)."""
        self.read_committed = exactly_once
        self.failure: BaseException | None = None
        """Why the worker stops by itself; nothing is written any more."""
        self.stopping = asyncio.Event()
        self.cut_short = False
        """The stop took too long: something still hangs, which would hold the process up."""
        self.config = config
        self._on_cycle = on_cycle
        self._exactly_once = exactly_once
        self._journals: list[Journal] = []
        self._telling = any(source.name == REQUESTERS for source in others)
        self.partitions = Partitions(
            config,
            self._new_journal(tickets_of(config)),
            clock,
            engine=self._engine_of_tickets(config),
            recognise=self._recognise(config.topics.source),
        )
        self._feeds: dict[str, PartitionsOf[Any]] = {config.topics.source: self.partitions}
        self.others: dict[str, PartitionsOf[Any]] = {}
        """Those besides the tickets', by name of the processor."""
        for source in others:
            feed: PartitionsOf[Any] = PartitionsOf(
                config,
                self._new_journal(source),
                clock,
                source,
                _engine_of(source, config),
                self._recognise(source.topic),
            )
            self._feeds[source.topic] = self.others[source.name] = feed
        self.sources = frozenset(self._feeds)
        self._stalls = Stalls(config)
        self._feeding: set[asyncio.Future[None]] = set()
        """Batches that are on their way into their partitions."""
        self.beside: Callable[[], bool] = lambda: False
        """Done again and again, for a moment each; says whether there is more to do at once."""
        self.beat: Callable[[str], None] = lambda _: None
        """Told as long as the event loop turns, and why, if the worker is to stop."""
        self.app = self._new_app(config)
        for feed in self._feeds.values():
            self._agent(feed)
        self._cycle()

    # -- set-up ---------------------------------------------------------------------------

    def _engine_of_tickets(self, config: Config) -> Callable[[], Processor]:
        settings, bound, telling = config.engine, config.dead_letters.bound, self._telling
        return lambda: Processor(settings, packing, bound=bound, telling=telling, press=the_press())

    def _recognise(self, topic: str) -> Recognise:
        return partial(recognise, self.config, topic)

    def _new_journal(self, source: Source) -> Journal:
        journal: Journal
        if self._exactly_once:
            journal = ExactlyOnceJournal(self.config, source)
        else:
            commit = partial(self._commit_offset, source.topic)
            journal = AtLeastOnceJournal(self.config, commit, source)
        self._journals.append(journal)
        return journal

    def _new_app(self, config: Config) -> Any:
        app = faust.App(
            config.app,
            broker="kafka://" + config.kafka.bootstrap.replace(",", ";kafka://"),
            broker_credentials=faust_credentials(config.kafka),
            # Faust's own commit only tidies up its list of acknowledgements.
            broker_commit_interval=10,
            broker_max_poll_records=4_000,
            broker_session_timeout=config.kafka.session_timeout / 1000,
            broker_heartbeat_interval=config.kafka.session_timeout / 10_000,
            broker_rebalance_timeout=config.kafka.rebalance_timeout / 1000,
            consumer_group_instance_id=config.kafka.instance,
            consumer_auto_offset_reset="earliest",
            stream_buffer_maxsize=8,
            stream_wait_empty=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            # Nobody stands by for tables that do not exist: with the default of one, Faust's
            # assignor leaves the third worker of four partitions without any.
            table_standby_replicas=0,
            web_enabled=False,
            autodiscover=False,
            # Faust makes this folder and puts nothing of ours there.
            datadir=str(Path(gettempdir()) / f"deskpulse-{config.app}"),
        )
        app.transport = BatchTransport(app.conf.broker_consumer, app)
        app.deskpulse = self
        return app

    def _agent(self, feed: PartitionsOf[Any]) -> None:
        topic = self.app.topic(
            feed.source.topic,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )

        @self.app.agent(topic, name=feed.source.name, concurrency=1)  # type: ignore[untyped-decorator]
        async def follow(stream: Any) -> None:
            # A partition that waits for a write is no reason for others to wait.
            async for batch in stream.events():
                message = batch.message
                feeding = asyncio.ensure_future(
                    self._pass_on(feed, message.partition, message.value)
                )
                self._feeding.add(feeding)
                feeding.add_done_callback(self._feeding.discard)

    async def _pass_on(self, feed: PartitionsOf[Any], partition: int, records: Any) -> None:
        try:
            await feed.feed(partition, records)
        except Exception as error:  # noqa: BLE001 - whatever it is, it stops the worker
            self._fail(error)

    def _cycle(self) -> None:
        @self.app.task  # type: ignore[untyped-decorator]
        async def cycle() -> None:
            while True:
                began = asyncio.get_running_loop().time()
                await self.flush()
                self._show()
                await self.rest()
                await self._next_cycle(began)

        @self.app.task  # type: ignore[untyped-decorator]
        async def beside() -> None:
            while self.failure is None:
                more = False
                try:
                    more = self.beside()
                except Exception as error:  # noqa: BLE001 - numbers nobody sees any more
                    self._fail(error)
                await asyncio.sleep(BESIDE_S if more else 1)

    async def _next_cycle(self, began: float) -> None:
        """Wait until the commit interval is over, or until a timer has something to say.

        The interval counts from the last cycle's beginning: how long a commit takes is not
        added to how long an event waits for the next. At most `MAX_CYCLES` a second, so that a
        wave of deadlines is a few transactions.
        """
        wake = self.partitions.wake
        await asyncio.sleep(1 / MAX_CYCLES)
        with contextlib.suppress(TimeoutError):
            now = asyncio.get_running_loop().time()
            left = began + self.config.commit_interval / 1000 - now
            await asyncio.wait_for(wake.wait(), max(0, left))
        wake.clear()

    # -- hooks of the transport -----------------------------------------------------------

    def fetchable(self, tp: TP) -> bool:
        """Whether the partition is restored, nothing has failed, and not enough is on its way."""
        owned = self._feeds[tp.topic].owned.get(tp.partition)
        return (
            self.failure is None
            and owned is not None
            and owned.ready
            and not owned.held
            and owned.on_the_way < AHEAD
        )

    def fetched(self, tp: TP, answer: Answer, *, records: bool) -> None:
        """Pass the broker's answer on."""
        try:
            self._feeds[tp.topic].fetched(tp.partition, answer, records=records)
        except UserError as error:
            self._fail(error)

    async def flush(self) -> None:
        """One commit; a failure stops the worker, because stopping beats diverging."""
        if self.failure is None:
            await self._all(feed.commit() for feed in self._feeds.values())

    async def rest(self) -> None:
        """Make room; what fails here has lost a ticket, so it stops the worker."""
        if self.failure is None:
            await self._all(feed.rest() for feed in self._feeds.values())

    async def revoked(self, partitions: set[TP]) -> None:
        """Flush and drop; a failure here is as final as anywhere."""
        if self.failure is None:
            await self._all(
                feed.release({tp.partition for tp in partitions if tp.topic == topic})
                for topic, feed in self._feeds.items()
            )
        self._show()

    async def assigned(self, partitions: set[TP]) -> None:
        """Restore what is new, side by side, and read on from where it stands."""
        new = [tp for tp in partitions if tp.partition not in self._feeds[tp.topic].owned]
        await self._all(self._restore(tp) for tp in new)
        self._show()

    async def _all(self, doing: Iterable[Awaitable[None]]) -> None:
        """Side by side; whatever fails stops the worker."""
        for result in await asyncio.gather(*doing, return_exceptions=True):
            if isinstance(result, asyncio.CancelledError):
                raise result
            if isinstance(result, BaseException):
                self._fail(result)

    def _show(self) -> None:
        try:
            self._on_cycle(self.partitions)
            self.partitions.held_up_s = 0.0
        except Exception as error:  # noqa: BLE001 - numbers nobody sees any more
            self._fail(error)

    async def promise(self, config: Config) -> None:
        """Other policies from now on, as after a restart with them, but without one.

        One partition after the other is given up and taken over again: its tickets are judged
        anew, and what was said of them otherwise is taken back with its next commit.
        """
        self.config = config
        self.partitions.reconfigure(config, self._engine_of_tickets(config))
        for partition in sorted(self.partitions.owned):
            await self._all([self._restore(TP(config.topics.source, partition), again=True)])
        self._show()

    async def _restore(self, tp: TP, *, again: bool = False) -> None:
        async def seek(position: int) -> None:
            await self.app.consumer.seek_to(tp, position)

        feed = self._feeds[tp.topic]
        if again:
            owned = await feed.renew(tp.partition, seek, lambda: tp in self.app.consumer.asked)
        else:
            owned = await feed.restore(tp.partition, seek)
        if owned is None:
            return
        # Tickets stay: nothing is gained by looking through them again and again.
        gc.freeze()
        log.info(
            "partition %d restored: %d %s, reading from offset %d",
            tp.partition,
            owned.processor.kept,
            feed.source.name,
            owned.processor.position,
        )

    async def _commit_offset(self, topic: str, partition: int, position: int) -> None:
        done = await self.app.consumer.commit_position(TP(topic, partition), position)
        if not done:
            raise CommitError(f"the position of partition {partition} could not be committed")

    # -- the end --------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            why = not_allowed(error) or f"{type(error).__name__}: {error}"
            log.error("stopping: %s", why)
            self.beat(why)
            self.stopping.set()

    async def run(self) -> None:
        """Run until `stopping` is set or something fails, then stop within `STOP_S`.

        Raises what failed.
        """
        gc.set_threshold(*GC_THRESHOLDS)
        # It ends when the group has taken us in, which may be never.
        starting = asyncio.ensure_future(self.app.start())
        starting.add_done_callback(self._started)
        now = asyncio.get_running_loop().time
        while not self.stopping.is_set():
            looked_at = now()
            self.beat("")
            self._look_after(looked_at)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), LOOK_S)
            late = now() - looked_at - LOOK_S
            self.partitions.held_up_s = max(self.partitions.held_up_s, late)
        # Nobody is to count on it any more, nor to take the rest of its work for a hang.
        self.beat("it was asked to")
        starting.cancel()
        stop = asyncio.ensure_future(self._stop())
        _, unfinished = await asyncio.wait([stop], timeout=STOP_S)
        self.cut_short = bool(unfinished)
        if self.cut_short:
            log.warning("the stop took longer than %d s and was cut short", STOP_S)
        else:
            stop.result()
        if self.failure is not None:
            raise self.failure

    def _started(self, starting: "asyncio.Future[None]") -> None:
        error = None if starting.cancelled() else starting.exception()
        if error is not None:
            self._fail(error)

    def _look_after(self, now_s: float) -> None:
        """Stop when one of Faust's own services has died: they take nobody along.

        So when the group is not open to us, or something hangs: nobody would ever hear of it.
        """
        try:
            self._stalls.look(self._feeds.values(), now_s)
        except StalledError as error:
            self._fail(error)
        consumer = self.app.consumer
        if consumer.refusal is not None:
            self._fail(consumer.refusal)
        for service in (self.app, consumer, consumer._thread, self.app._fetcher):  # noqa: SLF001
            if service is not None and service.crashed:
                self._fail(service.crash_reason or RuntimeError(f"{service} has crashed"))

    async def _stop(self) -> None:
        await self.flush()
        await self.app.stop()
        if self._feeding:
            await asyncio.wait(self._feeding)
        for journal in self._journals:
            await journal.stop()


REQUESTERS: Final = "requesters"


def _engine_of(source: Source, config: Config) -> Callable[[], Entities]:
    kinds: dict[str, Kind] = {
        kind.name: kind for kind in (config.agents, config.customers, config.requesters)
    }
    kind, bound = kinds[source.name], config.dead_letters.bound
    return lambda: Entities(kind, config.engine, packing, bound)


class CommitError(Exception):
    """The broker refused to commit a position."""
