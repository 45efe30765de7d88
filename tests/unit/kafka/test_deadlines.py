"""Deadlines of a worker in memory: a wave of them, and the wake-up of the commit cycle."""

import asyncio
from collections import Counter

from streams.kafka.journal import Answer
from streams.kafka.memory import Storage
from streams.kafka.partitions import CHUNK
from streams.wire.codec import loads
from tests.unit.metrics.desk import HOUR, MINUTE, Desk, with_policies

PROMISE = with_policies(
    {"name": "p", "calendar": "24x7", "targets": {"first_response": {"within": "1h"}}}
)


def said(storage: Storage) -> Counter[str]:
    topic = PROMISE.topics.transitions
    return Counter(
        loads(output.value or b"{}")["transition"]
        for output in storage.outputs
        if output.topic == topic
    )


def test_a_wave_of_deadlines_is_announced_whole_and_in_turns() -> None:
    storage, tickets = Storage(), 5 * CHUNK
    desk = Desk(PROMISE, storage).own(0)
    desk.receive(0, *(desk.event(f"T{n}", "ticket.created") for n in range(tickets)))
    desk.commit()
    assert not desk.partitions.wake.is_set()
    desk.now += HOUR + 1
    owned = desk.partitions.owned[0]
    desk.partitions.fetched(0, Answer(tickets, tickets, desk.now), records=False)
    assert desk.partitions.wake.is_set(), "the commit cycle does not wait"
    assert 0 < owned.processor.pending <= CHUNK, "others get their turn"
    desk.commit()
    assert said(storage) == {"breached": tickets}
    desk.commit()
    assert said(storage) == {"breached": tickets}


def test_a_wave_of_deadlines_that_is_cut_short_is_announced_by_the_next_owner() -> None:
    """Its clock is past all of them, although some timers have not acted yet."""
    storage, tickets = Storage(), 3 * CHUNK
    desk = Desk(PROMISE, storage).own(0)
    desk.receive(0, *(desk.event(f"T{n}", "ticket.created") for n in range(tickets)))
    desk.commit()
    desk.now += HOUR + 1
    desk.partitions.fetched(0, Answer(tickets, tickets, desk.now), records=False)
    desk.lose(0)
    assert said(storage) == {"breached": CHUNK}
    desk.own(0)
    desk.partitions.fetched(0, Answer(tickets, tickets, desk.now), records=False)
    desk.commit()
    assert said(storage) == {"breached": tickets}


def test_what_is_due_waits_while_the_partition_is_behind() -> None:
    storage = Storage()
    desk = Desk(PROMISE, storage).own(0)
    desk.receive(0, desk.event("T1", "ticket.created", 2 * HOUR), behind=1)
    asyncio.run(desk.partitions.commit())
    assert not said(storage)
    desk.receive(0, desk.reply("T1", "agent", HOUR + 30 * MINUTE))
    asyncio.run(desk.partitions.commit())
    assert said(storage) == {"met": 1}
