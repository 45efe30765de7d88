"""Who has to be forgotten is: out of the state and its changelog, whichever way it is asked for."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.clock import wall_ms
from streams.config import Config
from streams.config.model import Kafka, Topics
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.kafka.publish import Message
from streams.kafka.topics import check, ensure
from streams.kafka.topics_file import load
from streams.wire.codec import dumps, loads
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


def texts_in(key: bytes | None, value: bytes | None) -> set[str]:
    """What in a record says who it was, or what it was about."""
    whole = (key or b"") + b" " + (value or b"")
    return {text for text in (CANARY, LABELS["category"]) if text.encode() in whole}


def told(app: Application) -> list[Any]:
    """What requesters were told."""
    return read_topic(app, app.config.ticket_facts)


@pytest.mark.parametrize("way", WAYS)
def test_no_name_is_left_in_any_topic_of_the_application(app: Application, way: str) -> None:
    """Records are written again without names, texts and events, or deleted, at once."""
    before = life()
    app.publish(before)
    app.start()
    app.wait_until_read(len(before))
    assert CANARY.encode() in (latest(app, app.config.changelog)[b"T"] or b"")
    requesters = f"{app.config.app}-requesters-changelog"
    app.wait(lambda: f"{CANARY} requester".encode() in latest(app, requesters), "a requester")
    asked_at = wall_ms()
    app.publish([WAYS[way]])
    app.wait_until_read(len(before) + 1)
    app.wait(
        lambda: not any(texts_in(*row) for row in latest(app, requesters).items() if row[1]),
        "the requester to be forgotten",
    )
    app.stop()
    assert latest(app, app.config.changelog)[b"T"] is not None, "its numbers stay"
    expiring = set()
    for topic in load(app.config).topics:
        if topic.config["cleanup.policy"] == "compact":
            # A deletion names what it deletes, until it has been carried out everywhere.
            kept = [row for row in latest(app, topic.name).items() if row[1] is not None]
            assert not [row for row in kept if CANARY in texts_in(*row)], topic.name
        elif topic.name != app.config.topics.source:
            # What others read goes with its time; nothing is added to it.
            records = read_topic(app, topic.name)
            expiring |= {topic.name for one in records if CANARY in texts_in(None, one.value)}
            since = [one.value for one in records if one.timestamp >= asked_at]
            since = [value for value in since if b'"redacted":true' not in value]
            assert not [value for value in since if CANARY in texts_in(None, value)], topic.name
    assert expiring == {app.config.ticket_facts, app.config.topics.transitions}
    # The last telling says who has to erase which ticket, and no more.
    last = loads(told(app)[-1].value)
    assert (last["data"]["redacted"], texts_in(None, dumps(last["data"]))) == (True, set())


def test_a_new_worker_does_not_know_the_requester_either(app: Application) -> None:
    before = life()
    app.publish([*before, WAYS["tombstone"]])
    app.start()
    app.wait_until_read(len(before) + 1)
    app.stop()
    kind = app.config.requesters
    app.start()
    app.wait(lambda: sum(app.entities(kind).outcomes.values()) == len(told(app)), "all tellings")
    app.stop()
    assert app.entities(kind).records == {}


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
    for topic in (topics.dead_letters, topics.late, topics.ticket_facts):
        assert int(topic.config["retention.ms"]) == 30 * DAY
        assert int(topic.config["segment.ms"]) == DAY
    assert int(topics.transitions.config["retention.ms"]) == 90 * DAY


@pytest.mark.parametrize(
    ("role", "setting"),
    [
        ("changelog", "max.compaction.lag.ms"),
        ("dead_letters", "retention.ms"),
        ("late", "retention.ms"),
        ("requesters_changelog", "max.compaction.lag.ms"),
        ("ticket_facts", "retention.ms"),
        ("ticket_facts", "segment.ms"),
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


def test_a_worker_says_so_when_it_starts(kafka_broker: str, tmp_path: Path) -> None:
    with application(Broker(kafka_broker, transactions=True), tmp_path) as app:
        topic = ConfigResource(
            ConfigResourceType.TOPIC, app.config.ticket_facts, {"retention.ms": str(60 * DAY)}
        )

        async def lengthen() -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker)
            await admin.start()
            await admin.alter_configs([topic])
            await admin.close()

        asyncio.run(lengthen())
        worker = app.start()
        app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
        app.stop()
        said = f"{app.config.ticket_facts} has retention.ms={60 * DAY}; a new one gets {30 * DAY}"
        (line,) = [line for line in worker.log.read_text().splitlines() if said in line]
        assert " WARNING " in line
