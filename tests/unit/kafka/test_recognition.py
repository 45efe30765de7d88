"""The record read last is marked, and the mark is looked at before anything is read on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import pytest
from aiokafka.structs import TopicPartition

from streams.config import Config
from streams.config.model import DeadLetters
from streams.core.processor import Mark
from streams.errors import UserError
from streams.kafka import recognition
from streams.kafka.aside import ExcessError
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Owned, Partitions
from streams.kafka.recognition import mark_of
from tests.unit.kafka.test_partitions import NOW, Record, event, nowhere, records

OTHERS = [(None, None), (None, b""), (b"", None), (b"a", b"bc"), (b"ab", b"c"), (b"a", None)]


def test_records_that_differ_have_different_marks() -> None:
    for one, other in combinations(OTHERS, 2):
        assert mark_of(7, *one) != mark_of(7, *other)
    assert mark_of(7, b"a", b"b") == mark_of(7, b"a", b"b") != mark_of(8, b"a", b"b")


class Life:
    """A partition that is taken over again and again, and what was looked at then."""

    def __init__(self, config: Config | None = None) -> None:
        self.seen: list[Mark] = []
        self.refuse = False
        self._config, self._storage = config or Config(), Storage()

    async def take_over(self) -> tuple[Partitions, Owned]:
        async def recognise(partition: int, mark: Mark) -> None:
            assert partition == 0
            self.seen.append(mark)
            if self.refuse:
                raise UserError("made anew")

        journal = MemoryJournal(self._storage)
        partitions = Partitions(self._config, journal, lambda: NOW, recognise=recognise)
        owned = await partitions.restore(0, nowhere)
        assert owned is not None
        return partitions, owned


def test_each_owner_looks_for_the_record_that_was_read_last() -> None:
    log = records([event(number) for number in range(5)])
    life = Life()

    async def scenario() -> None:
        for start, end in ((0, 3), (3, 3), (3, 5)):
            partitions, _ = await life.take_over()
            await partitions.feed(0, log[start:end])
            await partitions.release([0])
        await life.take_over()

    asyncio.run(scenario())
    # Nothing was read before the first; the second read nothing, and passes the mark on.
    marks = [mark_of(number, log[number].key, log[number].value) for number in (2, 2, 4)]
    assert life.seen == marks


def test_a_partition_that_is_not_recognised_is_not_read() -> None:
    life = Life()

    async def scenario() -> None:
        partitions, _ = await life.take_over()
        await partitions.feed(0, records([event(0)]))
        await partitions.release([0])
        life.refuse = True
        with pytest.raises(UserError, match="made anew"):
            await life.take_over()

    asyncio.run(scenario())


def test_a_record_before_which_the_partition_stopped_is_not_the_one_read_last() -> None:
    """It stopped because it would have refused too much."""
    life = Life(replace(Config(), dead_letters=DeadLetters(max_run=1)))
    log = [*records([event(0)]), Record(1, b"{"), Record(2, b"{")]

    async def scenario() -> None:
        partitions, _ = await life.take_over()
        await partitions.feed(0, log[:1])
        with pytest.raises(ExcessError):
            await partitions.feed(0, log[1:])
        await life.take_over()

    asyncio.run(scenario())
    (mark,) = life.seen
    assert mark[0] < 2


class Consumer:
    """A source partition that answers a fetch now and then; what it says of its end is given."""

    def __init__(
        self, *, first: int, last: int, fetched: list[int], asked: int, silent: int
    ) -> None:
        """Records from `first` to `last`; so many fetches come back empty, or from a low end."""
        self._offsets, self._fetched, self._asked = range(first, last + 1), fetched, asked
        self._silent, self._end = silent, 0
        self._at = 0

    def assign(self, sources: list[TopicPartition]) -> None:
        assert sources == [SOURCE]

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._at = offset

    async def seek_to_beginning(self, _: TopicPartition) -> None:
        self._at = self._offsets[0]

    async def getmany(self, *_: object, **__: int) -> dict[TopicPartition, list[object]]:
        self._end = self._fetched.pop(0) if len(self._fetched) > 1 else self._fetched[0]
        self._silent -= 1
        found = [at for at in self._offsets if at >= self._at][:1] if self._silent < 0 else []
        return {SOURCE: [SimpleNamespace(offset=at, key=b"T", value=b"%d" % at) for at in found]}

    def highwater(self, _: TopicPartition) -> int:
        return self._end

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {SOURCE: self._asked}

    async def beginning_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {SOURCE: self._offsets[0]}


SOURCE = TopicPartition("ticket-events", 0)
MARK = mark_of(7, b"T", b"7")


def looked_for(monkeypatch: pytest.MonkeyPatch, mark: Mark, consumer: Consumer) -> None:
    @asynccontextmanager
    async def reader(*_: object, **__: object) -> AsyncIterator[Consumer]:
        yield consumer

    monkeypatch.setattr(recognition, "reader", reader)
    asyncio.run(recognition.recognise(Config(), SOURCE.topic, 0, mark))


@pytest.mark.parametrize(
    ("fetched", "asked", "silent"),
    [([20], 20, 0), ([5, 20], 20, 1), ([20], 1, 3)],
    ids=["at once", "from a new leader", "from a broker that miscounts its end"],
)
def test_a_record_that_is_there_is_found(
    monkeypatch: pytest.MonkeyPatch, fetched: list[int], asked: int, silent: int
) -> None:
    consumer = Consumer(first=0, last=19, fetched=fetched, asked=asked, silent=silent)
    looked_for(monkeypatch, MARK, consumer)


def test_one_that_has_expired_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer(first=12, last=19, fetched=[20], asked=20, silent=0)
    looked_for(monkeypatch, MARK, consumer)


@pytest.mark.parametrize(
    ("mark", "last"),
    [(mark_of(7, b"T", b"another"), 19), (MARK, 6), (MARK, 3)],
    ids=["another one", "ends right before", "ends long before"],
)
def test_another_one_or_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, mark: Mark, last: int
) -> None:
    consumer = Consumer(first=0, last=last, fetched=[last + 1], asked=last + 1, silent=0)
    with pytest.raises(UserError, match=r"offset 7 any more .* `deskpulse reset` starts over"):
        looked_for(monkeypatch, mark, consumer)
