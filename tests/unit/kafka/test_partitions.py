"""The partitions of a worker over the journal in memory.

What a crash, a rebalance or a paused owner may not change.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.config import Config
from streams.core.processor import Processor
from streams.core.report import Books, report
from streams.errors import UserError
from streams.kafka.journal import Answer, Output, Restored, Write
from streams.kafka.memory import FencedError, MemoryJournal, Storage
from streams.kafka.partitions import SHORT_MS, BrokenError, Owned, Partitions
from streams.wire import packing
from streams.wire.codec import dumps
from streams.wire.deadletters import details
from tests import strategies

NOW = 1_790_000_000_000
CONFIG = Config()


@dataclass(frozen=True, slots=True)
class Record:
    """A consumed record."""

    offset: int
    value: bytes | None
    key: bytes | None = b"T-1"
    timestamp: int = NOW
    headers: Sequence[tuple[str, bytes | None]] = field(default=())


def records(events: Sequence[dict[str, Any]]) -> list[Record]:
    return [Record(n, dumps(e), str(e["subject"]).encode()) for n, e in enumerate(events)]


def event(number: int, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "s",
        "type": "ticket.updated",
        "subject": "T-1",
        "time": f"2026-01-01T00:00:{number:02}Z",
        "data": data,
    }


async def nowhere(_position: int) -> None:
    """Nothing to seek."""


def worker(storage: Storage) -> Partitions:
    return Partitions(CONFIG, MemoryJournal(storage), lambda: NOW)


async def taken_over(partitions: Partitions) -> Owned:
    owned = await partitions.restore(0, nowhere)
    assert owned is not None
    return owned


def final_report(storage: Storage) -> dict[str, Any]:
    processor = Processor(CONFIG.engine, packing)
    for _ in processor.restore(dict(storage.changelog.get(0, []))):
        pass
    books = Books(processor.records, processor.settled, processor.outcomes)
    return report(books, CONFIG.engine, packing, NOW)


async def uninterrupted(log: list[Record]) -> dict[str, Any]:
    storage = Storage()
    partitions = worker(storage)
    await partitions.restore(0, nowhere)
    await partitions.feed(0, log)
    await partitions.release([0])
    return final_report(storage)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_crashes_and_commits_anywhere_leave_the_report_of_an_undisturbed_run(
    data: st.DataObject,
) -> None:
    log = records(data.draw(strategies.event_sets(days=strategies.BEYOND_HORIZON)))
    steps = data.draw(st.lists(st.sampled_from(["feed", "commit", "crash", "hand over"])))

    async def disturbed() -> dict[str, Any]:
        storage = Storage()
        partitions = worker(storage)
        owned = await taken_over(partitions)
        for step in [*steps, "feed", "feed", "feed"]:
            if step == "feed":
                at = owned.processor.position
                await partitions.feed(0, log[at : at + 1 + len(log) // 3])
            elif step == "commit":
                await partitions.commit()
            else:
                if step == "hand over":
                    await partitions.release([0])
                partitions = worker(storage)
                owned = await taken_over(partitions)
        await partitions.feed(0, log)
        await partitions.release([0])
        return final_report(storage)

    assert asyncio.run(disturbed()) == asyncio.run(uninterrupted(log))


def test_a_former_owner_can_write_nothing() -> None:
    async def scenario() -> Storage:
        storage = Storage()
        paused, next_owner = worker(storage), worker(storage)
        await paused.restore(0, nowhere)
        await paused.feed(0, records([event(1, status="open")]))
        await next_owner.restore(0, nowhere)
        with pytest.raises(FencedError):
            await paused.commit()
        await next_owner.feed(0, records([event(1, status="open")]))
        await next_owner.commit()
        return storage

    storage = asyncio.run(scenario())
    assert final_report(storage)["events"]["read"] == 1


def test_records_that_were_read_already_are_skipped() -> None:
    async def scenario() -> Storage:
        storage = Storage()
        partitions = worker(storage)
        await partitions.restore(0, nowhere)
        log = records([event(1), event(2), event(3)])
        await partitions.feed(0, log[:2])
        await partitions.feed(0, log)
        await partitions.commit()
        return storage

    events = final_report(asyncio.run(scenario()))["events"]
    assert (events["read"], events["applied"], events["duplicate"]) == (3, 3, 0)


def test_a_released_partition_leaves_what_comes_to_the_next_owner() -> None:
    async def scenario() -> Storage:
        storage = Storage()
        partitions = worker(storage)
        await partitions.restore(0, nowhere)
        await partitions.release([0])
        await partitions.feed(0, records([event(1)]))
        await partitions.commit()
        return storage

    assert asyncio.run(scenario()).changelog == {}


def test_refused_and_late_records_are_written_beside_the_state_that_skipped_them() -> None:
    async def scenario() -> Storage:
        storage = Storage()
        partitions = worker(storage)
        await partitions.restore(0, nowhere)
        late = event(3) | {"time": "2025-06-01T00:00:00Z"}
        log = records([event(1), late])
        await partitions.feed(0, [*log, Record(2, b"{"), Record(3, b"", b"T-9")])
        assert storage.outputs == [], "not before the commit"
        await partitions.commit()
        return storage

    outputs = asyncio.run(scenario()).outputs
    assert [(o.topic, o.key, details(o.headers)["reason"]) for o in outputs] == [
        ("late-events", b"T-1", "late"),
        ("dead-letters", b"T-1", "json"),
        ("dead-letters", b"T-9", "empty"),
    ]
    assert details(outputs[1].headers)["offset"] == "2"


def test_metrics_count_what_is_durable_and_nothing_else() -> None:
    async def scenario() -> tuple[int, int]:
        partitions = worker(Storage())
        await partitions.restore(0, nowhere)
        await partitions.feed(0, records([event(1), event(2)]))
        before = partitions.counted.outcomes.total()
        await partitions.commit()
        return before, partitions.counted.outcomes.total()

    assert asyncio.run(scenario()) == (0, 2)


def test_effective_now_waits_until_everything_before_it_is_folded() -> None:
    """A partition's clock is the instant of the last answer it has caught up with.

    answer   end 2, taken 2 (batch on the way)   -> no clock yet
    feed     both folded                          -> the instant of that answer
    answer   end 5, taken 2                       -> unchanged: three are missing
    answer   end 3, taken 3, no records           -> a transaction marker at offset 2
    """

    async def scenario() -> list[int | None]:
        partitions = worker(Storage())
        owned = await taken_over(partitions)
        seen = []
        partitions.fetched(0, Answer(end=2, taken=2, at=1_000), records=True)
        seen.append(owned.processor.windows.now)
        await partitions.feed(0, records([event(1), event(2)]))
        seen.append(owned.processor.windows.now)
        partitions.fetched(0, Answer(end=5, taken=2, at=2_000), records=False)
        seen.append(owned.processor.windows.now)
        partitions.fetched(0, Answer(end=3, taken=3, at=3_000), records=False)
        seen.append(owned.processor.windows.now)
        return seen

    assert asyncio.run(scenario()) == [None, 1_000, 1_000, 3_000]


def test_time_waits_for_what_an_open_transaction_hides() -> None:
    """Nobody knows yet what stood in the partition when its end was read.

    end 2, taken 1, stable 1   -> a transaction is open: no clock
    end 2, taken 1, stable 1   -> still
    end 5, taken 2, stable 2   -> it has ended, the next one is open: what was the end first is read
    end 9, taken 5, stable 5   -> and so on: one step behind, but time goes on
    end 9, taken 9, stable 9   -> nothing is open
    """

    async def scenario() -> list[tuple[int | None, int, bool]]:
        partitions = worker(Storage())
        owned = await taken_over(partitions)
        seen = []
        for number, (end, stable) in enumerate([(2, 1), (2, 1), (5, 2), (9, 5), (9, 9)], 1):
            partitions.fetched(0, Answer(end, stable, 1_000 * number, stable), records=False)
            seen.append((owned.processor.windows.now, owned.lag, owned.held_back))
        return seen

    assert asyncio.run(scenario()) == [
        (None, 2, True),
        (None, 2, True),
        (1_000, 5, True),
        (3_000, 9, True),
        (5_000, 9, False),
    ]


def test_an_end_that_lies_behind_a_batch_on_its_way_is_not_reached_yet() -> None:
    async def scenario() -> list[int | None]:
        partitions = worker(Storage())
        owned = await taken_over(partitions)
        seen = []
        partitions.fetched(0, Answer(3, 0, 1_000, 1), records=False)
        partitions.fetched(0, Answer(4, 3, 2_000, 3), records=True)
        seen.append(owned.processor.windows.now)
        await partitions.feed(0, records([event(1), event(2)]))
        seen.append(owned.processor.windows.now)
        return seen

    assert asyncio.run(scenario()) == [None, 1_000]


class FailingJournal(MemoryJournal):
    """Fails its first write, slowly."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.writes = 0

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        self.writes += 1
        await asyncio.sleep(0)
        if self.writes == 1:
            raise OSError("disk full")
        await super().write(partition, position, changelog, outputs)


def test_nothing_is_written_after_a_write_that_failed() -> None:
    """Neither by who waited for it nor by who comes later: it would skip what was lost."""

    async def scenario() -> Storage:
        storage = Storage()
        partitions = Partitions(CONFIG, FailingJournal(storage), lambda: NOW)
        await taken_over(partitions)
        await partitions.feed(0, records([event(1)]))
        failing = asyncio.ensure_future(partitions.commit())
        await asyncio.sleep(0)
        await partitions.feed(0, records([event(1), event(2)]))
        with pytest.raises(BrokenError):
            await partitions.release([0])
        with pytest.raises(OSError, match="disk full"):
            await failing
        return storage

    storage = asyncio.run(scenario())
    assert (storage.changelog, storage.position) == ({}, {})


class SlowJournal(MemoryJournal):
    """Takes a while to open a partition."""

    closed = False

    async def open(self, partition: int) -> Restored:
        await asyncio.sleep(3600)
        return await super().open(partition)

    async def close(self, partition: int) -> None:
        self.closed = True
        await super().close(partition)


def test_a_partition_that_is_released_while_it_is_restored_is_left_at_once() -> None:
    async def scenario() -> tuple[Owned | None, bool, bool]:
        journal = SlowJournal(Storage())
        partitions = Partitions(CONFIG, journal, lambda: NOW)
        restoring = asyncio.ensure_future(partitions.restore(0, nowhere))
        await asyncio.sleep(0.01)
        await partitions.release([0])
        return await restoring, bool(partitions.owned), journal.closed

    assert asyncio.run(scenario()) == (None, False, True)


def test_a_topic_that_ends_before_what_was_read_stops_the_worker() -> None:
    """A new leader may not know the end at once, so one answer is not believed."""

    def short(at: int) -> Answer:
        return Answer(end=1, taken=1, at=at)

    async def scenario() -> None:
        partitions = worker(Storage())
        await taken_over(partitions)
        await partitions.feed(0, records([event(1), event(2)]))
        partitions.fetched(0, short(NOW), records=False)
        partitions.fetched(0, short(NOW + SHORT_MS - 1), records=False)
        partitions.fetched(0, Answer(end=2, taken=2, at=NOW + SHORT_MS), records=False)
        partitions.fetched(0, short(NOW + 2 * SHORT_MS), records=False)
        with pytest.raises(UserError, match="deskpulse reset"):
            partitions.fetched(0, short(NOW + 3 * SHORT_MS), records=False)

    asyncio.run(scenario())


@pytest.mark.parametrize("fails", ["apply", "advance", "rest"])
def test_what_breaks_off_in_the_middle_is_never_made_durable(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not by a batch or a write that was waiting behind it."""

    def breaks(*_: object) -> None:
        raise MemoryError("in the middle")

    async def scenario() -> None:
        storage = Storage()
        partitions = worker(storage)
        owned = await taken_over(partitions)
        await partitions.feed(0, records([event(1)]))
        await partitions.commit()
        durable = {number: list(one) for number, one in storage.changelog.items()}
        monkeypatch.setattr(Processor, fails, breaks)
        behind = records([event(1), event(2), event(3)])

        async def look() -> None:
            partitions.fetched(0, Answer(end=1, taken=1, at=NOW), records=False)

        doing = {
            "apply": lambda: partitions.feed(0, behind[1:2]),
            "advance": look,
            "rest": partitions.rest,
        }
        with pytest.raises(MemoryError):
            await doing[fails]()
        monkeypatch.undo()
        await partitions.feed(0, behind[2:])
        assert owned.processor.position < 3, "what comes behind it is not folded"
        with pytest.raises(BrokenError, match="in the middle"):
            await partitions.commit()
        assert {number: list(one) for number, one in storage.changelog.items()} == durable

    asyncio.run(scenario())


def test_a_partition_is_renewed_only_when_what_was_fetched_of_it_is_folded() -> None:
    """Of two batches on their way the first would be left out, and the second would count."""
    storage, log = Storage(), records([event(number) for number in range(1, 7)])

    async def scenario() -> tuple[int, int, bool]:
        partitions = worker(storage)
        owned = await taken_over(partitions)
        fetching = True
        for taken in (2, 4):
            partitions.fetched(0, Answer(end=6, taken=taken, at=NOW), records=True)
        renewing = asyncio.ensure_future(partitions.renew(0, nowhere, lambda: fetching))
        await asyncio.sleep(0.02)
        await partitions.feed(0, log[:2])
        await asyncio.sleep(0.02)
        partitions.fetched(0, Answer(end=6, taken=6, at=NOW), records=True)
        fetching = False
        await partitions.feed(0, log[2:4])
        await asyncio.sleep(0.02)
        waits = not renewing.done() and owned.held
        await partitions.feed(0, log[4:])
        renewed = await renewing
        assert renewed is not None
        assert partitions.owned[0] is renewed is not owned
        return renewed.processor.position, renewed.processor.kept, waits

    assert asyncio.run(scenario()) == (6, 1, True)
    assert final_report(storage)["events"]["applied"] == 6


def test_a_partition_that_is_released_while_it_is_renewed_is_left() -> None:
    async def scenario() -> tuple[Owned | None, bool]:
        partitions = worker(Storage())
        await taken_over(partitions)
        partitions.fetched(0, Answer(end=6, taken=2, at=NOW), records=True)
        renewing = asyncio.ensure_future(partitions.renew(0, nowhere))
        await asyncio.sleep(0.02)
        await partitions.release([0])
        return await renewing, bool(partitions.owned)

    assert asyncio.run(scenario()) == (None, False)


def test_one_that_is_renewed_stands_under_the_new_configuration() -> None:
    other = replace(CONFIG, mature_after=1)

    async def scenario() -> tuple[int, int]:
        partitions = worker(Storage())
        await taken_over(partitions)
        partitions.reconfigure(other, lambda: Processor(other.engine, packing))
        before = partitions.owned[0].processor.settings.mature_after
        await partitions.renew(0, nowhere)
        return before, partitions.owned[0].processor.settings.mature_after

    assert asyncio.run(scenario()) == (CONFIG.mature_after, 1)
