"""The Faust worker: one agent, one journal, one commit cycle.

Faust brings the group membership, the assignment, the fetching and the lifecycle; this
module ties its consumer (`streams.kafka.transport`) to the partitions this worker owns
(`streams.kafka.partitions`) and runs the cycle that makes them durable.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import faust
from faust.types import TP

from streams.clock import Clock, wall_ms
from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.at_least_once import AtLeastOnceJournal
from streams.kafka.connection import faust_credentials
from streams.kafka.diagnosis import not_allowed
from streams.kafka.exactly_once import ExactlyOnceJournal
from streams.kafka.journal import Answer, Journal
from streams.kafka.partitions import Partitions
from streams.kafka.transport import BatchTransport

log = logging.getLogger("deskpulse")

LOOK_S: Final = 0.5
MAX_CYCLES: Final = 5
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
        self, config: Config, *, exactly_once: bool, on_cycle: OnCycle, clock: Clock = wall_ms
    ) -> None:
        self.source = config.topics.source
        self.read_committed = exactly_once
        self.failure: BaseException | None = None
        """Why the worker stops by itself; nothing is written any more."""
        self.stopping = asyncio.Event()
        self._config = config
        self._on_cycle = on_cycle
        self._journal = self._new_journal(config, exactly_once=exactly_once)
        self.partitions = Partitions(config, self._journal, clock)
        self.app = self._new_app(config)
        self._agent()

    # -- set-up ---------------------------------------------------------------------------

    def _new_journal(self, config: Config, *, exactly_once: bool) -> Journal:
        if exactly_once:
            return ExactlyOnceJournal(config)
        return AtLeastOnceJournal(config, self._commit_offset)

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

    def _agent(self) -> None:
        topic = self.app.topic(
            self.source,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )

        @self.app.agent(topic, name="tickets", concurrency=1)  # type: ignore[untyped-decorator]
        async def tickets(stream: Any) -> None:
            # Whatever goes wrong in here would be acknowledged and forgotten by Faust.
            async for batch in stream.events():
                try:
                    await self.partitions.feed(batch.message.partition, batch.message.value)
                except Exception as error:  # noqa: BLE001 - whatever it is, it stops the worker
                    self._fail(error)

        @self.app.task  # type: ignore[untyped-decorator]
        async def cycle() -> None:
            while True:
                began = asyncio.get_running_loop().time()
                await self.flush()
                self._show()
                await self._next_cycle(began)

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
            left = began + self._config.commit_interval / 1000 - now
            await asyncio.wait_for(wake.wait(), max(0, left))
        wake.clear()

    # -- hooks of the transport -----------------------------------------------------------

    def fetchable(self, partition: int) -> bool:
        """Whether the partition is restored and nothing has failed."""
        owned = self.partitions.owned.get(partition)
        return self.failure is None and owned is not None and owned.ready

    def fetched(self, partition: int, answer: Answer, *, records: bool) -> None:
        """Pass the broker's answer on."""
        try:
            self.partitions.fetched(partition, answer, records=records)
        except UserError as error:
            self._fail(error)

    async def flush(self) -> None:
        """One commit; a failure stops the worker, because stopping beats diverging."""
        if self.failure is None:
            try:
                await self.partitions.commit()
            except Exception as error:  # noqa: BLE001 - whatever it is, it stops the worker
                self._fail(error)

    async def revoked(self, partitions: set[int]) -> None:
        """Flush and drop; a failure here is as final as anywhere."""
        if self.failure is None:
            try:
                await self.partitions.release(partitions)
            except Exception as error:  # noqa: BLE001 - whatever it is, it stops the worker
                self._fail(error)
        self._show()

    async def assigned(self, partitions: set[int]) -> None:
        """Restore what is new, side by side, and read on from where it stands."""
        try:
            new = [p for p in partitions if p not in self.partitions.owned]
            await asyncio.gather(*(self._restore(partition) for partition in new))
        except Exception as error:  # noqa: BLE001 - whatever it is, it stops the worker
            self._fail(error)
        self._show()

    def _show(self) -> None:
        try:
            self._on_cycle(self.partitions)
        except Exception as error:  # noqa: BLE001 - numbers nobody sees any more
            self._fail(error)

    async def _restore(self, partition: int) -> None:
        tp = TP(self.source, partition)

        async def seek(position: int) -> None:
            await self.app.consumer.seek_to(tp, position)

        owned = await self.partitions.restore(partition, seek)
        if owned is None:
            return
        # Tickets stay: nothing is gained by looking through them again and again.
        gc.freeze()
        log.info(
            "partition %d restored: %d tickets, reading from offset %d",
            partition,
            len(owned.processor.records),
            owned.processor.position,
        )

    async def _commit_offset(self, partition: int, position: int) -> None:
        done = await self.app.consumer.commit_position(TP(self.source, partition), position)
        if not done:
            raise CommitError(f"the position of partition {partition} could not be committed")

    # -- the end --------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            why = not_allowed(error) or f"{type(error).__name__}: {error}"
            log.error("stopping: %s", why)
            self.stopping.set()

    async def run(self) -> None:
        """Run until `stopping` is set or something fails, then stop within `STOP_S`.

        Raises what failed.
        """
        gc.set_threshold(*GC_THRESHOLDS)
        # It ends when the group has taken us in, which may be never.
        starting = asyncio.ensure_future(self.app.start())
        starting.add_done_callback(self._started)
        while not self.stopping.is_set():
            self._look_after()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), LOOK_S)
        starting.cancel()
        try:
            await asyncio.wait_for(self._stop(), STOP_S)
        except TimeoutError:
            log.warning("the stop took longer than %d s and was cut short", STOP_S)
        if self.failure is not None:
            raise self.failure

    def _started(self, starting: "asyncio.Future[None]") -> None:
        error = None if starting.cancelled() else starting.exception()
        if error is not None:
            self._fail(error)

    def _look_after(self) -> None:
        """Stop when one of Faust's own services has died: they take nobody along.

        So when the group is not open to us: nobody would ever hear of it.
        """
        consumer = self.app.consumer
        if consumer.refusal is not None:
            self._fail(consumer.refusal)
        for service in (self.app, consumer, consumer._thread, self.app._fetcher):  # noqa: SLF001
            if service is not None and service.crashed:
                self._fail(service.crash_reason or RuntimeError(f"{service} has crashed"))

    async def _stop(self) -> None:
        await self.flush()
        await self.app.stop()
        await self._journal.stop()


class CommitError(Exception):
    """The broker refused to commit a position."""
