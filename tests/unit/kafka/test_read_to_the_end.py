"""Where a partition ends: a new leader, and the embedded broker, say too little."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from streams.kafka.changelog import records_to_end

SOURCE = TopicPartition("changelog", 0)
RECORDS = 5


class Consumer:
    """A partition of five records, two a fetch; the two answers about its end are given."""

    def __init__(self, *, fetched: int, asked: int) -> None:
        self._fetched, self._asked = fetched, asked
        self._position = 0

    def assign(self, sources: list[TopicPartition]) -> None:
        assert sources == [SOURCE]

    async def position(self, _: TopicPartition) -> int:
        return self._position

    async def getmany(self, **_: int) -> dict[TopicPartition, list[Any]]:
        start, self._position = self._position, min(self._position + 2, RECORDS)
        return {SOURCE: [SimpleNamespace(offset=at) for at in range(start, self._position)]}

    def last_stable_offset(self, _: TopicPartition) -> int:
        return self._fetched

    highwater = last_stable_offset

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {SOURCE: self._asked}


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(("fetched", "asked"), [(2, RECORDS), (RECORDS, 2), (RECORDS, RECORDS)])
def test_the_higher_answer_counts(fetched: int, asked: int, *, committed: bool) -> None:
    async def read() -> list[int]:
        consumer = Consumer(fetched=fetched, asked=asked)
        return [
            record.offset
            async for record in records_to_end(consumer, SOURCE, read_committed=committed)
        ]

    assert asyncio.run(read()) == list(range(RECORDS))
