"""Faust's consumer, made to deliver batches: one message per fetched run of records.

Faust moves one event at a time through several coroutines; here an agent receives all
records that were fetched of one partition as one message, whose offset is that of its last
record. Only the documented extension points are used: a `Transport` whose `Consumer` is a
subclass, the rebalance callbacks, and the thread the aiokafka consumer lives in.

Positions are not Faust's business here. What it "commits" is a flush of our own journal,
and a partition is fetched only once `Hooks` say that it is restored.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from aiokafka.errors import TopicAuthorizationFailedError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.clock import wall_ms
from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.fetching import keep_as_parsed
from streams.kafka.journal import Answer

FETCH_WAIT_MS: Final = 250
"""How long the broker holds an empty fetch: an idle partition's clock is as old as this."""
_IDLE_S: Final = 0.05


class Hooks(Protocol):
    """What the consumer asks of whoever owns the partitions."""

    sources: Collection[str]
    """Topics whose partitions it owns."""
    read_committed: bool
    config: Config

    def fetchable(self, tp: TP) -> bool:
        """Whether the partition is restored and may be read."""

    def fetched(self, tp: TP, answer: Answer, *, records: bool) -> None:
        """The broker answered a fetch; its records, if any, are on their way to the agent."""

    async def flush(self) -> None:
        """Make everything durable that was processed."""

    async def revoked(self, partitions: set[TP]) -> None:
        """Give partitions up; returns once they are flushed."""

    async def assigned(self, partitions: set[TP]) -> None:
        """Take partitions over: fence, restore, seek."""


class ConsumerThread(AIOKafkaConsumerThread):
    """The aiokafka consumer in its own thread, with our fetch settings."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust offers no setting for these two; aiokafka reads them when it starts.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        if hooks_of(self.app).read_committed:
            consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    lost: UserError | None = None
    """Why the topic does not have what is to be read next."""

    async def on_start(self) -> None:
        """Have answers carry the instant at which they were asked for."""
        await super().on_start()
        fetcher = self._consumer._fetcher  # noqa: SLF001
        ask = fetcher._proc_fetch_request  # noqa: SLF001

        async def ask_and_stamp(assignment: Any, node_id: int, request: Any) -> Any:
            asked_at, asked = wall_ms(), _positions(assignment)
            answered = await ask(assignment, node_id, request)
            keep_as_parsed(fetcher)
            await self._look_for_losses(assignment, asked)
            # aiokafka stamps an answer when it looks at it, and a process that was paused in
            # between would take an old answer for a new one.
            for source in assignment.tps:
                state = assignment.state_value(source)
                if state.timestamp is not None:
                    state.timestamp = min(state.timestamp, asked_at)
            return answered

        fetcher._proc_fetch_request = ask_and_stamp  # noqa: SLF001

    async def _look_for_losses(self, assignment: Any, asked: Mapping[Any, int]) -> None:
        """Where the broker does not have the offset, aiokafka would go on somewhere else."""
        for source, position in asked.items():
            if not assignment.state_value(source).awaiting_reset or self.lost is not None:
                continue
            config = hooks_of(self.app).config
            # Nothing is read from there until somebody has looked at it (`refusal`).
            self.lost = UserError(f"partition {source.partition} of {source.topic} has a gap")
            first = (await self._consumer.beginning_offsets([source]))[source]
            end = (await self._consumer.end_offsets([source]))[source]
            self.lost = UserError(lost_told(config, source, position, first, end))


def _positions(assignment: Any) -> dict[Any, int]:
    states = {source: assignment.state_value(source) for source in assignment.tps}
    return {source: one.position for source, one in states.items() if one.has_valid_position}


def lost_told(config: Config, source: Any, position: int, first: int, end: int) -> str:
    """What to do where the next offset to be read does not exist."""
    where = f"partition {source.partition} of {source.topic}"
    if position > end:
        return (
            f"{where} ends at offset {end}, but was read up to {position}: the topic was made anew "
            "or has lost records; `deskpulse reset` starts over with it"
        )
    skip = (
        f"kafka-consumer-groups.sh --bootstrap-server {config.kafka.bootstrap}"
        f" --group {config.app} --topic {source.topic}:{source.partition}"
        " --reset-offsets --to-earliest --execute"
    )
    return (
        f"{where} begins at offset {first}, but was read only up to {position}: what is in between "
        "was deleted before it was read (see its retention). To go on without it, stop the workers "
        f"and run: {skip}"
    )


class BatchConsumer(Consumer):
    """Delivers the fetched records of a partition as one message."""

    asked: frozenset[TP] = frozenset()
    """Partitions of which records are being fetched."""
    _not_allowed: BaseException | None = None

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(  # Faust gives the signature
        self,
        active_partitions: Any,
        timeout: float,  # noqa: ASYNC109
    ) -> Mapping[Any, Any]:
        hooks = hooks_of(self.app)
        ready = {
            tp
            for tp in (active_partitions or ())
            if tp.topic not in hooks.sources or hooks.fetchable(TP(*tp))
        }
        if not ready:
            await asyncio.sleep(_IDLE_S)
            return {}
        self.asked = frozenset(TP(*tp) for tp in ready)
        try:
            # Short, so that a partition that becomes ready is not waited for.
            fetched: Mapping[Any, Any] = await super()._getmany(ready, min(timeout, 0.2))
        except TopicAuthorizationFailedError as error:
            # A right that was taken away: whoever runs the worker looks here (`refusal`).
            self._not_allowed = error
            return {}
        finally:
            self.asked = frozenset()
        if self.refusal is not None:
            return {}
        # Nothing is awaited from here on: what was taken is exactly what is in `fetched`.
        with_records = {(tp.topic, tp.partition) for tp, records in fetched.items() if records}
        for tp in ready:
            answer = self._answer(tp, read_committed=hooks.read_committed)
            if answer is not None and tp.topic in hooks.sources:
                hooks.fetched(TP(*tp), answer, records=tuple(tp) in with_records)
        return fetched

    async def getmany(  # Faust gives the signature
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[Any, Any]]:
        """One message per partition with records; its value is the list of them."""
        fetched, _ = await self._wait_next_records(timeout)
        # Only now: a rebalance may have been waited for, and these records are of after it.
        generation = self.app.consumer_generation_id
        if fetched is None or self.should_stop:
            return
        for source, records in fetched.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if not records:
                continue
            tp = TP(source.topic, source.partition)
            yield tp, self._to_batch(tp, records)

    def _to_batch(self, tp: TP, records: Sequence[Any]) -> ConsumerMessage:
        """The message that carries records; its offset is that of the last one."""
        last = records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            None,
            None,
            records,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Offsets between the last records of two batches are no gap."""

    def _new_offset(self, tp: Any) -> int | None:
        """Forget what was acknowledged; the journal keeps the position."""
        acked = self._acked[tp]
        if not acked:
            return None
        offset: int = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset

    async def _commit_offsets(
        self, offsets: Mapping[Any, int], start_new_transaction: bool = True
    ) -> bool:
        del start_new_transaction
        await hooks_of(self.app).flush()
        self._committed_offset.update(offsets)
        return True

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Flush first: Faust forgets what was acknowledged as soon as it hears of it."""
        hooks = hooks_of(self.app)
        await hooks.revoked({TP(*tp) for tp in revoked if tp.topic in hooks.sources})
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        """Let Faust finish the rebalance; restoring goes on beside it."""
        await super().on_partitions_assigned(assigned, generation_id)
        hooks = hooks_of(self.app)
        partitions = {TP(*tp) for tp in assigned if tp.topic in hooks.sources}
        self.add_future(hooks.assigned(partitions))

    @property
    def refusal(self) -> BaseException | None:
        """Why the broker does not have us in the group, or why there is nothing to read.

        aiokafka tells only who polls.
        """
        if self._not_allowed is not None:
            return self._not_allowed
        lost: UserError | None = getattr(self._thread, "lost", None)
        if lost is not None:
            return lost
        consumer = getattr(self._thread, "_consumer", None)
        coordinator = getattr(consumer, "_coordinator", None)
        refused: BaseException | None = getattr(coordinator, "_pending_exception", None)
        return refused

    async def commit_position(self, tp: Any, position: int) -> bool:
        """Commit one position for the group (journals without transactions); whether it was."""
        if tp not in self._thread.assignment():
            # Faust would leave it out, and call that a success.
            return False
        return bool(await self._thread.commit({tp: position}))

    async def seek_to(self, tp: Any, position: int) -> None:
        """Read this partition from `position` on; 0 is its beginning, wherever that is by now."""
        if not position:
            position = (await self._thread.earliest_offsets(tp)).get(tp, 0)
        await self._thread.seek_wait({tp: position})

    def _answer(self, tp: Any, *, read_committed: bool) -> Answer | None:
        consumer = self._thread._consumer  # noqa: SLF001
        source = self._new_topicpartition(tp.topic, tp.partition)
        if consumer is None or source not in consumer.assignment():
            return None
        # aiokafka has no way to ask for the position without waiting for one.
        state = consumer._subscription.subscription.assignment.state_value(source)  # noqa: SLF001
        at, end = state.timestamp, state.highwater
        if at is None or end is None or end < 0 or not state.has_valid_position:
            return None
        stable = state.lso if read_committed else None
        # An answer that is no batch of records may name none.
        return Answer(end, state.position, at, None if stable is None or stable < 0 else stable)


class BatchTransport(Transport):
    """aiokafka with batches."""

    Consumer = BatchConsumer


def hooks_of(app: Any) -> Hooks:
    """The hooks the worker put on the app."""
    hooks: Hooks = app.deskpulse
    return hooks
