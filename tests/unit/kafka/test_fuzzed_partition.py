"""Whatever a partition holds, nothing vanishes, and what is refused can be kept and put back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import Config
from streams.config.model import DeadLetters
from streams.core.processor import Outcome
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Partitions
from streams.wire.deadletters import Letter, details
from streams.wire.replaying import Place, Stored, found, original
from tests.unit.wire.fuzzed import KEYS, VALUES, Header, headers
from tests.unit.wire.samples import NOW

CONFIG = Config(dead_letters=DeadLetters(max_run=None, max_ratio=1))
many = settings(max_examples=max(200, settings().max_examples), deadline=None)


@dataclass(frozen=True, slots=True)
class Record:
    """A consumed record."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    timestamp: int = NOW


RECORDS = st.lists(st.tuples(KEYS, VALUES, headers()), max_size=6).map(
    lambda every: [Record(offset, *one) for offset, one in enumerate(every)]
)


async def _fed(records: Sequence[Record]) -> tuple[Partitions, Storage]:
    async def nowhere(_: int) -> None:
        """Nothing to seek."""

    storage = Storage()
    partitions = Partitions(CONFIG, MemoryJournal(storage), lambda: NOW)
    await partitions.restore(0, nowhere)
    await partitions.feed(0, records)
    await partitions.commit()
    return partitions, storage


@many
@given(RECORDS)
def test_each_record_has_one_outcome_and_each_refused_one_a_letter_that_can_be_sent(
    records: list[Record],
) -> None:
    partitions, storage = asyncio.run(_fed(records))
    outcomes = partitions.counted.outcomes
    assert sum(n for (outcome, _), n in outcomes.items() if outcome != "flag") == len(records)
    refused = sum(n for (outcome, _), n in outcomes.items() if outcome == Outcome.REJECTED)
    letters = [one for one in storage.outputs if one.topic == CONFIG.topics.dead_letters]
    places = [int(details(one.headers)["offset"]) for one in letters]
    assert len(places) == refused
    assert places == sorted({*places})
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 24)
    for at, (place, one) in enumerate(zip(places, letters, strict=True)):
        assert (one.key, one.value) != (None, None)
        assert batch.append(at, NOW, one.key, one.value, list(one.headers)) is not None
        stored = found(Place(0, at), NOW, Letter(one.key, one.value, list(one.headers)))
        assert isinstance(stored, Stored)
        back, record = original(stored.letter), records[place]
        assert (back.key, back.value) == (record.key, record.value)
        assert len(back.headers) == len(record.headers) + 1
