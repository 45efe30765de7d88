"""A worker that refuses too much stops where it is; what it refused until then is written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from streams.config import Config
from streams.config.model import DeadLetters
from streams.kafka.aside import ExcessError
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import CHUNK, Partitions
from streams.wire.deadletters import details

BOUND = DeadLetters(max_run=3, window=1_000)
CONFIG = replace(Config(), dead_letters=BOUND)


@dataclass(frozen=True, slots=True)
class Record:
    """A consumed record."""

    offset: int
    value: bytes | None
    key: bytes | None = b"T-1"
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


FINE = b'{"specversion":"1.0","type":"ticket.viewed"}'


def log(picture: str) -> list[Record]:
    return [Record(at, b"{" if c == "R" else FINE) for at, c in enumerate(picture)]


async def _nowhere(_: int) -> None:
    """Nothing to seek."""


async def worker(storage: Storage, config: Config = CONFIG) -> Partitions:
    partitions = Partitions(config, MemoryJournal(storage), lambda: 0)
    await partitions.restore(0, _nowhere)
    await partitions.restore(1, _nowhere)
    return partitions


def offsets(storage: Storage) -> list[str]:
    return [details(output.headers)["offset"] for output in storage.outputs]


@pytest.mark.parametrize("before", [0, 1, CHUNK - 3, CHUNK - 1, CHUNK])
def test_it_stops_before_the_record_that_is_too_many_wherever_a_batch_ends(before: int) -> None:
    async def scenario() -> tuple[Storage, str]:
        storage = Storage()
        partitions = await worker(storage)
        with pytest.raises(ExcessError) as stopped:
            await partitions.feed(0, log("." * before + "RRRRR...R"))
        # What is on its way still is left to the next owner.
        await partitions.feed(0, log("." * before + "RRRRR...R......")[before + 9 :])
        await partitions.commit()
        return storage, str(stopped.value)

    storage, said = asyncio.run(scenario())
    assert offsets(storage) == [str(before + n) for n in range(3)]
    assert storage.position[0] == before + 3
    assert said == (
        "partition 0 of ticket-events: 3 records in a row were refused, and so would be offset "
        f"{before + 3} (json). See `deskpulse dead-letters list`; mend what sends them, or raise "
        "dead_letters.max_run to let the rest pass to dead-letters; then start again"
    )


def test_a_share_that_is_too_large_says_so() -> None:
    config = replace(CONFIG, dead_letters=DeadLetters(None, max_ratio=0.2, window=10))

    async def scenario() -> None:
        await (await worker(Storage(), config)).feed(0, log("R..R.R"))

    with pytest.raises(ExcessError, match=r"2 of the last 5 records .* dead_letters\.max_ratio"):
        asyncio.run(scenario())


def test_whoever_starts_again_stops_at_once_and_one_with_a_wider_bound_goes_on() -> None:
    records = log("..RRRRR..")

    async def scenario() -> tuple[list[str], list[str]]:
        storage = Storage()
        for _ in range(3):
            partitions = await worker(storage)
            with pytest.raises(ExcessError, match="offset 5 "):
                await partitions.feed(0, records)
        stopped = offsets(storage)
        wider = replace(CONFIG, dead_letters=replace(BOUND, max_run=5))
        partitions = await worker(storage, wider)
        await partitions.feed(0, records)
        await partitions.commit()
        return stopped, offsets(storage)

    assert asyncio.run(scenario()) == (["2", "3", "4"], ["2", "3", "4", "5", "6"])


def test_each_partition_is_judged_for_itself() -> None:
    async def scenario() -> int:
        storage = Storage()
        partitions = await worker(storage)
        for start in range(0, 40, 2):
            await partitions.feed(0, log("." * start + "RR.")[start:])
            await partitions.feed(1, log("." * start + "R.R")[start:])
        await partitions.commit()
        return len(storage.outputs)

    assert asyncio.run(scenario()) > 40
