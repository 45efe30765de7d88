"""Tickets that nobody touches rest, and nothing that is counted shows it (decision 25)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from streams.core.processor import Processor
from streams.kafka import partitions as under_test
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Owned, Partitions
from streams.wire import packing
from streams.wire.codec import dumps, loads
from tests.laws.recount import live_gauges
from tests.unit.kafka.test_partitions import CONFIG, NOW, Record, nowhere

TICKETS = 60


@pytest.fixture(autouse=True)
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute goes by between two cycles."""
    monkeypatch.setattr(under_test, "ROUND_S", 0.0)


def created() -> Iterator[Record]:
    for number in range(TICKETS):
        yield told(number, number, "ticket.created", status="new", queue="billing")


def told(offset: int, ticket: int, kind: str, **data: Any) -> Record:
    name = f"T-{ticket}"
    event = {
        "specversion": "1.0",
        "id": str(offset),
        "source": "desk",
        "type": kind,
        "subject": name,
        "time": f"2026-01-01T00:{offset // 60:02}:{offset % 60:02}Z",
        "data": data,
    }
    return Record(offset, dumps(event), name.encode())


async def taken_over(storage: Storage) -> tuple[Partitions, Owned]:
    partitions = Partitions(CONFIG, MemoryJournal(storage), lambda: NOW)
    owned = await partitions.restore(0, nowhere)
    assert owned is not None
    return partitions, owned


async def at_rest(storage: Storage) -> tuple[Partitions, Owned]:
    """All tickets are there, and two minutes have gone by."""
    partitions, owned = await taken_over(storage)
    await partitions.feed(0, list(created()))
    await partitions.commit()
    for _ in range(2):
        await partitions.rest()
    return partitions, owned


def test_who_has_no_event_for_a_minute_rests_and_is_counted_as_before() -> None:
    async def scenario() -> None:
        partitions, owned = await taken_over(Storage())
        processor = owned.processor
        await partitions.feed(0, list(created()))
        await partitions.rest()
        assert processor.awake == TICKETS, "nothing is durable, and no minute has gone by"
        await partitions.commit()
        before = live_gauges(processor)
        await partitions.feed(0, [told(TICKETS, 7, "ticket.updated", status="open")])
        await partitions.commit()
        await partitions.rest()
        assert list(processor.records) == ["T-7"], "it had an event since the first round began"
        assert processor.kept == TICKETS
        gauges = live_gauges(processor)
        assert gauges != before
        assert gauges == live_gauges(await _again(partitions, processor))

    async def _again(partitions: Partitions, processor: Processor) -> Processor:
        await partitions.rest()
        await partitions.rest()
        assert processor.awake == 0
        return processor

    asyncio.run(scenario())


def test_what_is_not_durable_does_not_rest() -> None:
    async def scenario() -> None:
        partitions, owned = await taken_over(Storage())
        await partitions.feed(0, list(created()))
        for _ in range(3):
            await partitions.rest()
        assert owned.processor.awake == TICKETS

    asyncio.run(scenario())


def test_an_event_wakes_the_ticket_it_is_of() -> None:
    async def scenario() -> None:
        partitions, owned = await at_rest(Storage())
        assert owned.processor.awake == 0
        assert owned.processor.now.depth() == TICKETS
        await partitions.feed(0, [told(TICKETS, 3, "ticket.updated", status="resolved")])
        assert list(owned.processor.records) == ["T-3"]
        assert owned.processor.now.depth() == TICKETS - 1

    asyncio.run(scenario())


def test_a_backlog_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "ROUND_S", 3600.0)
    monkeypatch.setattr(under_test, "AWAKE", TICKETS // 2)

    async def scenario() -> None:
        _, owned = await at_rest(Storage())
        assert owned.processor.awake < TICKETS // 2
        assert owned.processor.kept == TICKETS

    asyncio.run(scenario())


def test_a_restart_lays_down_what_it_takes_over() -> None:
    async def scenario() -> None:
        storage = Storage()
        _, before = await at_rest(storage)
        _, after = await taken_over(storage)
        assert (after.processor.awake, after.processor.kept) == (0, TICKETS)
        assert live_gauges(after.processor) == live_gauges(before.processor)

    asyncio.run(scenario())


def test_a_record_that_does_not_say_what_it_is_counted_as_is_loaded() -> None:
    async def scenario() -> None:
        storage = Storage()
        _, before = await at_rest(storage)
        storage.changelog[0] = [
            (key, value if key.startswith(b"\xff") else _as_before(value))
            for key, value in storage.changelog[0]
        ]
        _, after = await taken_over(storage)
        assert after.processor.awake == TICKETS
        assert live_gauges(after.processor) == live_gauges(before.processor)

    asyncio.run(scenario())


def _as_before(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    record = loads(value)
    del record["counted"]
    return dumps(record)


def test_a_replay_has_all_tickets_awake() -> None:
    processor = Processor(CONFIG.engine, packing)
    processor.look_for_rest()
    assert not processor.rest(1)
    assert processor.resting is None
