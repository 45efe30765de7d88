"""Dead letters and late events on Kafka: read, and put back.

Whoever puts letters back sends each to the partition it was read from, and a mark behind it
(`streams.wire.replaying`); where the broker has transactions both at once, and whoever did the
same at that moment is fenced off. Elsewhere the mark follows: a crash in between leaves a letter
that goes back twice, and the engine counts the second one as a duplicate.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams import VERSION
from streams.clock import Clock, wall_ms
from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.changelog import MAX_REQUEST_BYTES, reader, records_to_end
from streams.kafka.connection import allowed, client_arguments, partitions_of, started
from streams.kafka.diagnosis import hidden, not_allowed
from streams.kafka.exactly_once import transactions
from streams.wire.deadletters import Letter
from streams.wire.replaying import Marked, Place, Stored, found, mark, original

LETTERS: Final = "dead-letters"
"""What the transactions are called that put letters back (`streams.kafka.exactly_once`)."""
AT_ONCE: Final = 500
"""Letters that go back in one transaction."""


async def read_letters(config: Config, topic: str) -> AsyncIterator[Stored | Marked]:
    """All that is committed in a topic of letters, partition by partition.

    Raises `UserError` when there is no such topic.
    """
    partitions = await partitions_of(config.kafka, topic)
    if not partitions:
        make = "create it: deskpulse topics ensure" + hidden(config.kafka)
        raise UserError(f"there is no topic {topic}; {make}")
    # Where there are no transactions everything counts as committed.
    async with reader(config.kafka, read_committed=True) as consumer:
        for partition in partitions:
            source = TopicPartition(topic, partition)
            with allowed():
                async for record in records_to_end(consumer, source, read_committed=True):
                    letter = Letter(record.key, record.value, list(record.headers))
                    yield found(Place(partition, record.offset), record.timestamp, letter)


async def put_back(
    config: Config,
    wanted: Callable[[Stored], bool],
    *,
    transactional: bool,
    clock: Clock = wall_ms,
) -> AsyncIterator[int]:
    """Send the letters that are wanted back to where they were read, but those that went already.

    Yields how many went so far; each is acknowledged, and its mark is.
    """
    topic = config.topics.dead_letters
    async with _producer(config, transactional=transactional) as producer:
        # Only now is nobody else at it.
        places: set[Place] = set()
        async for one in read_letters(config, topic):
            if isinstance(one, Marked):
                places.discard(one.place)
            elif wanted(one):
                places.add(one.place)
        sender = _Sender(config, producer, await partitions_of(config.kafka, config.topics.source))
        sent, batch = 0, list[Stored]()
        async for one in read_letters(config, topic):
            if isinstance(one, Stored) and one.place in places:
                batch.append(one)
            if len(batch) == AT_ONCE:
                await sender.send(batch, transactional=transactional, at_ms=clock())
                yield (sent := sent + len(batch))
                batch = []
        await sender.send(batch, transactional=transactional, at_ms=clock())
        yield sent + len(batch)


@asynccontextmanager
async def _producer(config: Config, *, transactional: bool) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **client_arguments(config.kafka),
        transactional_id=f"{transactions(config, LETTERS)}replay" if transactional else None,
        max_request_size=MAX_REQUEST_BYTES,
        acks="all",
    )
    try:
        async with started(config.kafka, producer):
            yield producer
    except KafkaError as error:
        # Another one who does the same, or a broker that fails. aiokafka leaves more of that
        # behind, in futures nobody can ask; this loop ends anyway.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        raise UserError(
            not_allowed(error)
            or f"not all letters went back ({type(error).__name__}); what did is marked, so once "
            "Kafka is well and nobody else does it, run it again"
        ) from None


class _Sender:
    """Sends letters back, and marks behind them."""

    def __init__(
        self, config: Config, producer: AIOKafkaProducer, partitions: Sequence[int]
    ) -> None:
        self._topics = config.topics
        self._producer = producer
        self._partitions = frozenset(partitions)

    async def send(self, letters: Sequence[Stored], *, transactional: bool, at_ms: int) -> None:
        """Send these; returns once all of it is acknowledged."""
        if transactional and letters:
            async with self._producer.transaction():
                await self._send(letters, at_ms)
        else:
            await self._send(letters, at_ms)

    async def _send(self, letters: Sequence[Stored], at_ms: int) -> None:
        await _acknowledged(self._back(stored) for stored in letters)
        await _acknowledged(self._mark(stored, at_ms) for stored in letters)

    async def _back(self, stored: Stored) -> Any:
        read = original(stored.letter)
        named = stored.said.get("partition", "")
        partition = int(named) if named.isdecimal() else -1
        return await self._producer.send(
            self._topics.source,
            read.value,
            key=read.key,
            headers=read.headers,
            # Where the state of its ticket is, unless the topic was made anew.
            partition=partition if partition in self._partitions else None,
        )

    async def _mark(self, stored: Stored, at_ms: int) -> Any:
        place, key = stored.place, stored.letter.key
        made = mark(place, key, at_ms=at_ms, engine=VERSION)
        return await self._producer.send(
            self._topics.dead_letters,
            made.value,
            key=made.key,
            headers=made.headers,
            partition=place.partition,
        )


async def _acknowledged(sends: Iterable[Coroutine[Any, Any, asyncio.Future[Any]]]) -> None:
    """Hand over in order, then wait for all of it; raises what failed first."""
    handed: list[asyncio.Future[Any]] = []
    try:
        for send in sends:
            handed.append(await send)  # noqa: PERF401 - those before a failure are kept
    finally:
        # Also those before one that failed, or asyncio complains that nobody asked.
        ended = await asyncio.gather(*handed, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
