"""Who has to be forgotten is: out of the state and its changelog, whichever way it is asked for."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.clock import wall_ms
from streams.config import Config
from streams.config.model import Kafka, Topics
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.kafka.publish import Message
from streams.kafka.topics import check, ensure
from streams.kafka.topics_file import load
from streams.wire.codec import dumps
from tests.brokers import Broker, unique
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application

CANARY: Final = "Ca-nary"
PROMISES: Final = """
policies:
  - {name: all, calendar: 24x7, targets: {first_response: 30m, resolution: 2h}}
"""
NAMES: Final = ("assignee", "requester", "organization", "language")
LABELS: Final = {"queue": "billing", "category": "refunds", "product": "till"}
"""By these is counted what was counted; a redacted ticket keeps them."""


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path, promises=PROMISES) as running:
        yield running


def event(kind: str, at: int, data: object, ticket: str = "T") -> Message:
    head = {"specversion": "1.0", "id": f"{kind}-{at}", "source": "acme", "subject": ticket}
    text = dumps({**head, "type": kind, "time": format_rfc3339(at), "data": data})
    return ticket.encode(), text, ()


def life() -> list[Message]:
    """A ticket with a name wherever one may be, and another one that goes on."""
    start = wall_ms() - 3 * DAY
    named = {name: f"{CANARY} {name}" for name in NAMES}
    author = {"id": f"{CANARY} author", "role": "agent"}
    return [
        event("ticket.created", start, {**named, "tags": [CANARY], **LABELS}),
        event("ticket.replied", start + HOUR, {"author": author, "visibility": "public"}),
        event("ticket.updated", start + HOUR + 1, {"assignee": f"{CANARY} second"}),
        event("ticket.worked", start + HOUR + 2, {"agent": f"{CANARY} agent", "seconds": 9}),
        event("ticket.updated", start + 2 * HOUR, {"status": "resolved"}),
        event("ticket.created", start + DAY, {"queue": "billing"}, "another"),
    ]


WAYS: Final[dict[str, Message]] = {
    "deleted as redacted": event("ticket.deleted", wall_ms() - DAY, {"reason": "redacted"}),
    "tombstone": (b"T", None, ()),
}


def latest(app: Application, topic: str) -> dict[bytes, bytes | None]:
    """What is left of a topic once it is compacted."""
    return {record.key: record.value for record in read_topic(app, topic)}


@pytest.mark.parametrize("way", WAYS)
def test_no_name_is_left_in_the_changelog(app: Application, way: str) -> None:
    """The record of the ticket is written again without names, texts and events at once."""
    before = life()
    app.publish(before)
    app.start()
    app.wait_until_read(len(before))
    assert CANARY.encode() in (latest(app, app.config.changelog)[b"T"] or b"")
    app.publish([WAYS[way]])
    app.wait_until_read(len(before) + 1)
    app.stop()
    kept = latest(app, app.config.changelog)
    assert kept[b"T"] is not None, "its numbers stay, and that it is redacted"
    for key, value in kept.items():
        assert CANARY.encode() not in (value or b""), key


def test_a_worker_that_is_new_knows_no_name_either(app: Application) -> None:
    """What it restores is what it reports: the numbers, without a name."""
    before = life()
    app.publish([*before, WAYS["tombstone"]])
    app.start()
    app.wait_until_read(len(before) + 1)
    app.stop()
    again = event("ticket.updated", wall_ms() - HOUR, {"assignee": f"{CANARY} third"})
    app.publish([again])
    app.start()
    app.wait_until_read(len(before) + 2)
    app.stop()
    found = app.report()
    assert CANARY not in str(found)
    assert found["counts"]["resolutions"] == 1
    assert found["by"]["category"]["refunds"]["counts"]["resolutions"] == 1
    assert found["events"]["ignored"] == {"redacted": 1}
    assert CANARY.encode() not in (latest(app, app.config.changelog)[b"T"] or b"")


def test_a_forgotten_ticket_leaves_a_tombstone(broker: Broker, tmp_path: Path) -> None:
    days = "retention: {closed_ticket: 2d, forgotten: 3d}\nlateness: {apply_within: 1d}\n"
    with application(broker, tmp_path, days) as app:
        start = wall_ms() - 40 * DAY
        old = event("ticket.created", start, {"requester": CANARY})
        # With `time: event` another ticket of the partition tells that so many days are over.
        app.publish([old, (b"T", None, ())])
        app.start()
        app.wait_until_read(2)
        ticking = [event("ticket.created", start + 30 * DAY, {}, str(n)) for n in range(40)]
        app.publish(ticking)
        app.wait(lambda: latest(app, app.config.changelog).get(b"T", b"") is None, "a tombstone")
        app.stop()


def test_the_topics_keep_nothing_erased_for_longer_than_the_docs_say() -> None:
    topics = load(Config()).topics
    for topic in topics:
        if topic.config["cleanup.policy"] == "compact":
            assert int(topic.config["max.compaction.lag.ms"]) == 12 * HOUR
            assert int(topic.config["segment.ms"]) == 6 * HOUR
    for topic in (topics.dead_letters, topics.late):
        assert int(topic.config["retention.ms"]) == 30 * DAY
    assert int(topics.transitions.config["retention.ms"]) == 90 * DAY


@pytest.mark.parametrize(
    ("role", "setting"),
    [
        ("changelog", "max.compaction.lag.ms"),
        ("dead_letters", "retention.ms"),
        ("late", "retention.ms"),
        ("transitions", "retention.ms"),
    ],
)
def test_a_topic_that_keeps_it_for_longer_is_named(
    kafka_broker: str, role: str, setting: str
) -> None:
    config = replace(
        Config(kafka=Kafka(bootstrap=kafka_broker), app=unique("app")),
        topics=Topics(*(unique(name) for name in Topics.__dataclass_fields__)),
    )
    topic = getattr(load(config).topics, role)
    longer = {**topic.config, setting: str(2 * int(topic.config[setting]))}

    async def create() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker)
        await admin.start()
        await admin.create_topics([NewTopic(topic.name, 4, 1, topic_configs=longer)])
        await admin.close()

    asyncio.run(create())
    asyncio.run(ensure(config))
    said = f"{topic.name} has {setting}={longer[setting]}; a new one gets {topic.config[setting]}"
    assert said in asyncio.run(check(config)).notes
