"""The floor: what a bare Python loop makes of the same job. No stream processor.

    python -m tests.bench.peers.plain run BOOTSTRAP TOPIC EVENTS GROUP CHANGELOG
    python -m tests.bench.peers.plain recover BOOTSTRAP CHANGELOG

aiokafka in batches, a dict of small objects, changed tickets to a compacted changelog once a
second, then the positions: at least once. No rebalance, windows, outputs or dead letters.
"""

import asyncio
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from tests.bench.peers.kpi import DONE, RESULT, Aggregates, peak_rss_mb

_COMMIT_S: Final = 1.0
_PARTITIONS: Final = 4
_FIELDS: Final = (
    *("status", "queue", "priority", "created_ms", "first_response_ms", "resolved_ms"),
    *("reopens", "seq"),
)


class Ticket:
    """What is kept of a ticket."""

    __slots__ = (*_FIELDS, "partition")

    status: str
    queue: str
    priority: str
    created_ms: int
    first_response_ms: int
    resolved_ms: int
    reopens: int
    seq: int
    partition: int

    def dump(self) -> bytes:
        """The ticket as JSON."""
        return orjson.dumps(
            {
                "status": self.status,
                "queue": self.queue,
                "priority": self.priority,
                "created_ms": self.created_ms,
                "first_response_ms": self.first_response_ms,
                "resolved_ms": self.resolved_ms,
                "reopens": self.reopens,
                "seq": self.seq,
            }
        )


State = dict[str, Ticket]


def _load(value: bytes, partition: int) -> Ticket:
    kept, ticket = orjson.loads(value), Ticket()
    ticket.status, ticket.queue, ticket.priority = kept["status"], kept["queue"], kept["priority"]
    ticket.created_ms, ticket.first_response_ms = kept["created_ms"], kept["first_response_ms"]
    ticket.resolved_ms, ticket.reopens = kept["resolved_ms"], kept["reopens"]
    ticket.seq, ticket.partition = kept["seq"], partition
    return ticket


def _new(created_ms: int, partition: int) -> Ticket:
    ticket = Ticket()
    ticket.status = ticket.queue = ticket.priority = ""
    ticket.created_ms, ticket.partition = created_ms, partition
    ticket.first_response_ms = ticket.resolved_ms = ticket.reopens = 0
    ticket.seq = -1
    return ticket


# One long function: what is inlined here is what makes the floor.
def process(  # noqa: C901
    values: Iterable[bytes], partition: int, state: State, dirty: State, kpis: Aggregates
) -> None:
    """Fold one batch of one partition."""
    loads, iso = orjson.loads, datetime.fromisoformat
    for raw in values:
        last = kpis.tick()
        event = loads(raw)
        at_ms = int(iso(event["time"]).timestamp() * 1000)
        seq, data, key = event["sequence"], event["data"], event["subject"]
        status, queue, priority = data["status"], data["queue"], data["priority"]
        ticket = state.get(key)
        if ticket is None:
            ticket = state[key] = _new(at_ms, partition)
            if event["type"] == "ticket.created":
                kpis.created += 1
        if seq <= ticket.seq:
            kpis.skipped += 1
        else:
            old, old_queue = ticket.status, ticket.queue
            was, now = bool(old) and old not in DONE, status not in DONE
            if was != now or old_queue != queue:
                if was:
                    kpis.move(old_queue, -1)
                if now:
                    kpis.move(queue, 1)
            if old == "new" and status != "new" and not ticket.first_response_ms:
                ticket.first_response_ms = at_ms
                kpis.responded += 1
                kpis.observe(kpis.responses, priority, ticket.created_ms, at_ms)
            if not now and not ticket.resolved_ms:
                ticket.resolved_ms = at_ms
                kpis.resolved += 1
                kpis.observe(kpis.resolutions, priority, ticket.created_ms, at_ms)
            elif now and old in DONE:
                ticket.reopens, ticket.resolved_ms = ticket.reopens + 1, 0
                kpis.reopened += 1
            ticket.status, ticket.queue, ticket.priority = status, queue, priority
            ticket.seq = seq
            dirty[key] = ticket
        if last:
            kpis.mark()


async def flush(producer: AIOKafkaProducer, changelog: str, dirty: State) -> None:
    """Write one record for each changed ticket, as ready-made batches."""
    sent: list[asyncio.Future[Any]] = []
    batches: dict[int, Any] = {}
    for name, ticket in dirty.items():
        partition, key, value = ticket.partition, name.encode(), ticket.dump()
        batch = batches.get(partition)
        if batch is None:
            batch = batches[partition] = producer.create_batch()
        if batch.append(key=key, value=value, timestamp=None) is None:
            batch.close()
            sent.append(await producer.send_batch(batch, changelog, partition=partition))
            batch = batches[partition] = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    for partition, batch in batches.items():
        batch.close()
        sent.append(await producer.send_batch(batch, changelog, partition=partition))
    await asyncio.gather(*sent)
    dirty.clear()


async def run(bootstrap: str, topic: str, events: int, group: str, changelog: str) -> None:
    """Process so many events and report; the last write and commit are in the time."""
    kpis, state, dirty = Aggregates(events), State(), State()
    positions: dict[TopicPartition, OffsetAndMetadata] = {}
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, max_batch_size=1 << 19, acks="all", enable_idempotence=True
    )
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await producer.start()
    await consumer.start()
    due = time.monotonic() + _COMMIT_S
    while kpis.events < events:
        fetched = await consumer.getmany(timeout_ms=200, max_records=2_000)
        for source, records in fetched.items():
            process([r.value for r in records], source.partition, state, dirty, kpis)
            positions[source] = OffsetAndMetadata(records[-1].offset + 1, "")
        if time.monotonic() >= due or kpis.events == events:
            await flush(producer, changelog, dirty)
            await consumer.commit(positions)
            due = time.monotonic() + _COMMIT_S
    kpis.mark()
    kpis.report()
    await consumer.stop()
    await producer.stop()


async def recover(bootstrap: str, changelog: str) -> None:
    """Load all tickets of the changelog and report how long it took."""
    started, state = time.monotonic(), State()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    sources = [TopicPartition(changelog, number) for number in range(_PARTITIONS)]
    consumer.assign(sources)
    left = {source: end for source, end in (await consumer.end_offsets(sources)).items() if end}
    while left:
        fetched = await consumer.getmany(timeout_ms=200, max_records=5_000)
        for source, records in fetched.items():
            for record in records:
                state[record.key.decode()] = _load(record.value, source.partition)
            if records[-1].offset + 1 >= left[source]:
                del left[source]
    seconds = time.monotonic() - started
    found = {"tickets": len(state), "seconds": seconds, "rss_mb": peak_rss_mb()}
    print(RESULT + orjson.dumps(found).decode(), flush=True)
    await consumer.stop()


if __name__ == "__main__":
    if sys.argv[1] == "run":
        _bootstrap, _topic, _events, _group, _changelog = sys.argv[2:]
        uvloop.run(run(_bootstrap, _topic, int(_events), _group, _changelog))
    else:
        uvloop.run(recover(*sys.argv[2:]))
