"""What came of it: the state, the sums and what was said, held against one worker without harm.

The source topic is read as it stands, and one engine, here, is given each partition from its
first record to its last. What the workers left in the changelog has to be that.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from aiokafka.structs import TopicPartition

from streams.core.announcing import Transition
from streams.core.processor import Outcome, Processor
from streams.core.report import report
from streams.kafka.changelog import Changelog, fetches_to_end, reader
from streams.kafka.connection import partitions_of
from streams.wire import packing
from streams.wire.cloudevents import decode
from streams.wire.codec import loads
from streams.wire.deadletters import LATE, details
from tests.chaos.stories import books_of
from tests.chaos.traffic import Expected
from tests.chaos.verdicts import heard
from tests.kafka.workers import Application
from tests.laws.driving import restored
from tests.laws.hearing import Heard, Key, Name, truth

PATIENCE_S: Final = 60.0


@dataclass(slots=True)
class Audit:
    """How far what is there is from what should be; all zeros but the first five."""

    records: int = 0
    """In the source topic."""
    events: int = 0
    """Those that count: each once, however often it was sent, and none that was too late."""
    tickets: int = 0
    announced: int = 0
    """Transitions, each once."""
    set_aside: int = 0
    """Dead letters and late events, each once."""
    lost: int = 0
    """Events that no ticket's state holds."""
    doubled: int = 0
    """Events that a ticket's state holds twice, or that outcomes of a partition count twice."""
    announced_again: int = 0
    """Transitions that came once more with the same id and content (at least once only)."""
    wrong: list[str] = field(default_factory=list)
    """Everything else that is not as it should be."""

    @property
    def figures(self) -> dict[str, Any]:
        """As a document."""
        return asdict(self)


async def audit(app: Application, expected: Expected, partitions: int) -> Audit:
    """Compare everything; the workers have stopped."""
    found = Audit()
    if app.broker.transactions:
        found.wrong += await _unended(app, partitions)
    there = [await _taken_over(app, partition) for partition in range(partitions)]
    alone = [await _alone(app, partition) for partition in range(partitions)]
    unharmed = [one for one, _ in alone]
    found.records = sum(one.position for one in unharmed)
    found.tickets = sum(len(one.records) for one in there)
    found.events = sum(expected.events.values())
    for partition, (one, other) in enumerate(zip(there, unharmed, strict=True)):
        _outcomes(found, partition, one, other, exact=app.broker.transactions)
        _tickets(found, partition, one, other, expected)
    _missing(found, there, expected)
    books, should = books_of(there), books_of(unharmed)
    settings, as_of = app.config.engine, should.newest or 0
    reports = [report(one, settings, packing, as_of) for one in (books, should)]
    if not app.broker.transactions:
        # Of what was refused or late it may count some twice.
        reports = [{key: value for key, value in r.items() if key != "events"} for r in reports]
    if reports[0] != reports[1]:
        keys = [key for key in reports[1] if reports[0].get(key) != reports[1][key]]
        found.wrong.append(f"the report differs in {', '.join(keys)}")
    await _said(found, app, there, partitions)
    await _aside(found, app, [aside for _, each in alone for aside in each], expected)
    return found


async def _unended(app: Application, partitions: int) -> list[str]:
    """Wait until nothing that was written is held back by a transaction.

    What a commit wrote is shown when its markers are there, which its worker does not wait for;
    the next owner does. Returns what has not ended in the end.
    """
    topics = (app.config.changelog, app.config.topics.transitions)
    sources = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    give_up = time.monotonic() + PATIENCE_S
    held: list[str] = []
    while True:
        async with reader(app.config.kafka, read_committed=True) as consumer:
            shown = await consumer.end_offsets(sources)
        async with reader(app.config.kafka, read_committed=False) as consumer:
            there = await consumer.end_offsets(sources)
        held = [
            f"{source.topic} {source.partition} shows {shown[source]} of {there[source]} records"
            for source in sources
            if shown[source] != there[source]
        ]
        if not held or time.monotonic() > give_up:
            return held
        await asyncio.sleep(0.5)


async def _taken_over(app: Application, partition: int) -> Processor:
    """What the next owner would start from."""
    changelog = Changelog(
        app.config.kafka, app.config.changelog, read_committed=app.broker.transactions
    )
    one = restored(app.config.engine, await changelog.read(partition))
    _tell_time(app, one)
    one.wake()
    return one


class Aside(NamedTuple):
    """A record that was refused or late: where it was read, why, and what it was."""

    partition: int
    offset: int
    reason: str
    key: bytes | None
    value: bytes | None


async def _alone(app: Application, partition: int) -> tuple[Processor, list[Aside]]:
    """One that reads the partition from its beginning, undisturbed, and what it sets aside."""
    aside: list[Aside] = []
    one, skew = Processor(app.config.engine, packing), app.config.engine.future_skew
    source = TopicPartition(app.config.topics.source, partition)
    async with reader(app.config.kafka, read_committed=False) as consumer:
        async for records in fetches_to_end(consumer, source, read_committed=False):
            verdicts = one.apply(
                [
                    (
                        r.offset,
                        decode(r.key, r.value, r.headers, now_ms=r.timestamp, future_skew_ms=skew),
                    )
                    for r in records
                ]
            )
            for verdict in verdicts:
                record = records[verdict.place]
                reason = LATE if verdict.outcome is Outcome.LATE else verdict.reason
                aside.append(Aside(partition, record.offset, reason, record.key, record.value))
            one.cut()
    _tell_time(app, one)
    return one, aside


def _tell_time(app: Application, one: Processor) -> None:
    if one.newest is not None:
        one.advance(one.newest - app.config.out_of_orderness)


def _outcomes(
    found: Audit, partition: int, one: Processor, other: Processor, *, exact: bool
) -> None:
    one_counts, should = Counter(one.outcomes), Counter(other.outcomes) + other._fresh_outcomes
    for name in one_counts.keys() | should.keys():
        much, right = one_counts[name], should[name]
        if name[0] in {"applied", "duplicate"} or exact:
            found.doubled += max(0, much - right)
            found.lost += max(0, right - much)
        elif much < right:
            found.wrong.append(f"partition {partition}: {much} instead of {right} {name}")


def _tickets(
    found: Audit, partition: int, one: Processor, other: Processor, expected: Expected
) -> None:
    """Ticket by ticket: as many events as were sent, and the same state as without harm."""
    for name, record in one.records.items():
        sent = expected.events[name]
        found.lost += max(0, sent - record.events)
        found.doubled += max(0, record.events - sent)
    if one.records.keys() != other.records.keys():
        found.wrong.append(f"partition {partition} has other tickets")
    elif any(_state(one, name) != _state(other, name) for name in one.records):
        found.wrong.append(f"partition {partition} has tickets in another state")


def _state(one: Processor, name: str) -> tuple[object, ...]:
    ticket = one.records[name].ticket
    clocks = tuple(
        (c.key, c.policy, c.state(one._clock)) for c in (*ticket.finished, *ticket.clocks)
    )
    return ticket.status, ticket.queue, ticket.assignee, ticket.agent_replies, set(clocks)


def _missing(found: Audit, there: list[Processor], expected: Expected) -> None:
    kept = {name for one in there for name in one.records}
    found.lost += sum(n for name, n in expected.events.items() if name not in kept)


async def _said(found: Audit, app: Application, there: list[Processor], partitions: int) -> None:
    """What was said and not taken back is what is true; each id once, or with the same content."""
    said = [one async for one in _transitions(app, partitions)]
    by_id: dict[str, tuple[Key, Name]] = {}
    for one in said:
        what = (_key(one), (one.transition, one.level))
        found.announced_again += one.id in by_id
        if by_id.setdefault(one.id, what) != what:
            found.wrong.append(f"the id {one.id} says two things")
    found.announced = len(by_id)
    true: dict[Key, Counter[Name]] = {}
    for processor in there:
        true |= truth(processor)
    if not app.broker.transactions:
        ever = Counter((_key(one), (one.transition, one.level)) for one in said)
        unsaid = sum(ever[key, name] < n for key in true for name, n in true[key].items())
        if unsaid:
            found.wrong.append(f"{unsaid} transitions are true and were never announced")
    elif found.announced_again:
        found.wrong.append(f"{found.announced_again} transitions were announced twice")
    else:
        listener = Heard()
        for one in said:
            listener.hear(one, again=False)
        standing = {k: Counter(names.values()) for k, names in listener.standing.items() if names}
        different = sum(standing.get(key) != true.get(key) for key in standing | true)
        if different:
            found.wrong.append(f"of {different} instances what stands said is not what is true")


async def _aside(
    found: Audit, app: Application, should: Sequence[Aside], expected: Expected
) -> None:
    """Each record that cannot be used has its letter, once, and nothing else has one."""
    there: Counter[Aside] = Counter()
    topics = app.config.topics
    for topic, late in ((topics.late, True), (topics.dead_letters, False)):
        letters = [one async for one in _letters(app, topic)]
        found.wrong += [
            f"{topic} has one for {one.reason}" for one in letters if (one.reason == LATE) != late
        ]
        there.update(letters)
    found.set_aside = len(there)
    missing, foreign = set(should) - there.keys(), there.keys() - set(should)
    found.lost += len(missing)
    if foreign:
        found.wrong.append(f"{len(foreign)} letters are of no record that was refused or late")
    again = there.total() - len(there)
    if again and app.broker.transactions:
        found.wrong.append(f"{again} letters were written twice")
    # What was sent knows nothing of the engine that judged it.
    sent = {"late": expected.sent["late"], "refused": expected.sent["rejected"]}
    judged = Counter("late" if one.reason == LATE else "refused" for one in there)
    for what, number in sent.items():
        if judged[what] < number:
            found.wrong.append(f"{judged[what]} letters of {number} records that were {what}")


async def _letters(app: Application, topic: str) -> AsyncIterator[Aside]:
    once = app.broker.transactions
    partitions = await partitions_of(app.config.kafka, topic)
    async with reader(app.config.kafka, read_committed=once) as consumer:
        for partition in partitions:
            source = TopicPartition(topic, partition)
            async for records in fetches_to_end(consumer, source, read_committed=once):
                for record in records:
                    told = details(record.headers)
                    place = int(told["partition"]), int(told["offset"])
                    yield Aside(*place, told["reason"], record.key, record.value)


async def _transitions(app: Application, partitions: int) -> AsyncIterator[Transition]:
    once = app.broker.transactions
    async with reader(app.config.kafka, read_committed=once) as consumer:
        for partition in range(partitions):
            source = TopicPartition(app.config.topics.transitions, partition)
            async for records in fetches_to_end(consumer, source, read_committed=once):
                for record in records:
                    yield heard(loads(record.value))


def _key(one: Transition) -> Key:
    return one.ticket, one.clock, one.source, one.event
