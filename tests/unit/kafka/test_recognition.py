"""The record read last is marked, and the mark is looked at before anything is read on."""

import asyncio
from dataclasses import replace
from itertools import combinations

import pytest

from streams.config import Config
from streams.config.model import DeadLetters
from streams.core.processor import Mark
from streams.errors import UserError
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
