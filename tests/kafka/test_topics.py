"""The topics: one file says what they should be, and both brokers are made to agree with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import ValidationError

from streams.config.model import Config, Kafka, Topics
from streams.errors import UserError
from streams.kafka.embedded import free_port
from streams.kafka.topics import check, ensure, recreate
from streams.kafka.topics_file import Topics as Topics_
from streams.kafka.topics_file import load, parse
from tests.brokers import Broker, unique

Result = TypeVar("Result")

ROLES = Topics_._fields


def file(**changes: Any) -> str:
    """A topics file, the topic `late` changed; None leaves a key out."""
    topic = {"name": "n", "purpose": "p", "partitions": 4, "config": {"retention.ms": "6h"}}
    late = {key: value for key, value in {**topic, **changes}.items() if value is not None}
    topics = {**dict.fromkeys(ROLES, topic), "late": late}
    return yaml.safe_dump({"replication": 3, "topics": topics})


class TestFile:
    def test_names_are_the_defaults_of_the_configuration(self) -> None:
        text = load(Config())
        assert [topic.name for topic in text.topics] == [
            "ticket-events",
            "agent-events",
            "customer-events",
            "sla-transitions",
            "late-events",
            "dead-letters",
            Config().ticket_facts,
            "deskpulse-agents-changelog",
            "deskpulse-customers-changelog",
            "deskpulse-requesters-changelog",
            Config().changelog,
        ]

    def test_the_configuration_renames_topics(self) -> None:
        config = Config(app="night", topics=Topics(source="in", transitions="out"))
        topics = load(config).topics
        assert (topics.source.name, topics.transitions.name) == ("in", "out")
        assert topics.changelog.name == config.changelog == "night-tickets-changelog"

    def test_only_the_state_is_compacted_and_it_is_partitioned_as_its_source(self) -> None:
        topics = load(Config()).topics
        kept = [t.name for t in topics if t.config["cleanup.policy"] == "compact"]
        assert kept == [t.name for t in topics if t.name.endswith("-changelog")]
        assert topics.changelog.partitions == "as source"
        assert topics.requesters_changelog.partitions == "as ticket_facts"

    def test_what_is_read_is_kept_as_long_as_a_silent_ticket(self) -> None:
        config = Config()
        topics = load(config).topics
        for topic in (topics.source, topics.agents, topics.customers):
            assert int(topic.config["retention.ms"]) == config.retention.forgotten

    def test_topics_put_aside_take_any_record_of_the_source_with_our_headers(self) -> None:
        topics = load(Config()).topics
        kafkas_default = 1_048_588
        assert "max.message.bytes" not in topics.source.config
        for topic in (topics.late, topics.dead_letters):
            assert int(topic.config["max.message.bytes"]) > kafkas_default

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("90s", 90_000), ("2m", 120_000), ("6h", 21_600_000), ("1d", 86_400_000), (7, 7)],
    )
    def test_durations_may_have_a_unit(self, written: object, meant: int) -> None:
        late = parse(file(config={"retention.ms": written})).topics.late
        assert late.config == {"retention.ms": str(meant)}

    def test_sizes_may_have_a_unit_and_other_settings_are_left_alone(self) -> None:
        given = {"segment.bytes": "64MiB", "max.message.bytes": "3KiB", "a.ratio": 0.2, "b": "1d1"}
        assert parse(file(config=given)).topics.late.config == {
            "segment.bytes": "67108864",
            "max.message.bytes": "3072",
            "a.ratio": "0.2",
            "b": "1d1",
        }

    @pytest.mark.parametrize(
        "mistake",
        [
            {"name": None},
            {"partitions": 0},
            {"partitions": "as sauce"},
            {"partition": 4},
            {"config": {"retention.ms": "6 hours"}},
            {"config": {"cleanup.policy": ["delete"]}},
            {"config": {"unclean.leader.election.enable": True}},
        ],
        ids=str,
    )
    def test_a_mistake_is_refused(self, mistake: Mapping[str, Any]) -> None:
        with pytest.raises(ValidationError, match="late"):
            parse(file(**mistake))

    def test_a_missing_and_a_further_topic_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="changelog"):
            parse(file().replace("changelog:", "chanelog:"))


class TestOnABroker:
    def test_a_new_broker_has_none_and_says_how_to_get_them(self, broker: Broker) -> None:
        config = application(broker)
        problems, notes = asyncio.run(check(config))
        optional = {topic.name for topic in load(config).topics if topic.optional}
        named = [line.split()[0] for line in problems]
        assert named == [name for name in names(config) if name not in optional]
        assert {line.split()[0] for line in notes} == optional
        assert all("`deskpulse topics ensure`" in line for line in (*problems, *notes))

    def test_checking_creates_nothing(self, broker: Broker) -> None:
        """The embedded broker creates a topic as soon as somebody asks for it by name."""
        config = application(broker)
        assert asyncio.run(check(config)) == asyncio.run(check(config))
        assert sorted(asyncio.run(ensure(config))) == sorted(names(config))

    def test_what_is_created_is_as_it_should_be(self, broker: Broker) -> None:
        config = application(broker)
        assert sorted(asyncio.run(ensure(config))) == sorted(names(config))
        assert asyncio.run(check(config)) == ([], [])

    def test_a_second_time_nothing_is_left_to_create(self, broker: Broker) -> None:
        config = application(broker)
        asyncio.run(ensure(config))
        assert asyncio.run(ensure(config)) == []

    def test_two_that_create_at_the_same_time_do_not_disturb_each_other(
        self, broker: Broker
    ) -> None:
        config = application(broker)

        async def both() -> None:
            await asyncio.gather(ensure(config), ensure(config))

        asyncio.run(both())
        assert asyncio.run(check(config)) == ([], [])

    def test_the_state_gets_as_many_partitions_as_the_source_has(self, broker: Broker) -> None:
        config = application(broker)
        create(broker, NewTopic(config.topics.source, 7, 1))
        asyncio.run(ensure(config))
        assert partitions(broker, config.changelog) == 7
        problems, notes = asyncio.run(check(config))
        assert problems == []
        assert f"{config.topics.source} has 7 partitions; a new one gets 4" in notes

    def test_a_state_partitioned_otherwise_is_a_problem(self, broker: Broker) -> None:
        config = application(broker)
        create(
            broker, NewTopic(config.changelog, 3, 1, topic_configs={"cleanup.policy": "compact"})
        )
        asyncio.run(ensure(config))
        (problem,) = asyncio.run(check(config)).problems
        assert problem.startswith(f"{config.changelog} has 3 partitions")
        assert "`deskpulse reset`" in problem

    def test_a_wrong_cleanup_policy_is_a_problem(self, broker: Broker) -> None:
        config = application(broker)
        wrong = {"cleanup.policy": "delete"}
        create(broker, NewTopic(config.changelog, 4, 1, topic_configs=wrong))
        asyncio.run(ensure(config))
        (problem,) = asyncio.run(check(config)).problems
        assert problem.startswith(f"{config.changelog} has cleanup.policy=delete")
        assert problem.endswith("set it to compact")

    def test_another_retention_is_noted_only(self, broker: Broker) -> None:
        config = application(broker)
        asked = {**load(config).topics.late.config, "retention.ms": "1000"}
        create(broker, NewTopic(config.topics.late, 4, 1, topic_configs=asked))
        asyncio.run(ensure(config))
        problems, notes = asyncio.run(check(config))
        assert problems == []
        assert notes == [f"{config.topics.late} has retention.ms=1000; a new one gets 2592000000"]

    def test_recreating_empties_a_topic_and_makes_it_as_it_should_be(self, broker: Broker) -> None:
        config = application(broker)
        create(broker, NewTopic(config.changelog, 3, 1))
        asyncio.run(ensure(config))
        send(broker, config.changelog)
        asyncio.run(recreate(config, config.changelog))
        assert asyncio.run(check(config)) == ([], [])
        assert end_of_first_partition(broker, config.changelog) == 0

    def test_recreating_a_topic_that_is_missing_creates_it(self, broker: Broker) -> None:
        config = application(broker)
        asyncio.run(recreate(config, config.changelog))
        assert partitions(broker, config.changelog) == 4


def test_what_the_embedded_broker_does_not_tell_is_said(embedded_broker: str) -> None:
    """It knows only the settings a topic was created with, not Kafka's defaults."""
    broker = Broker(embedded_broker, transactions=False)
    config = application(broker)
    create(broker, NewTopic(config.changelog, 4, 1))
    asyncio.run(ensure(config))
    problems, notes = asyncio.run(check(config))
    assert problems == []
    (note,) = notes
    assert note.startswith(f"{config.changelog}: not checked, because this broker does not tell")
    assert "cleanup.policy" in note


def test_a_refusal_is_one_line_with_the_brokers_own_words(kafka_broker: str) -> None:
    config = application(Broker(kafka_broker, transactions=True))
    forbidden = replace(config, topics=replace(config.topics, late="no spaces"))
    with pytest.raises(UserError, match=r"no spaces could not be created: .+ is invalid"):
        asyncio.run(ensure(forbidden))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_without_a_broker_the_address_is_named() -> None:
    bootstrap = f"127.0.0.1:{free_port()}"
    config = Config(kafka=Kafka(bootstrap=bootstrap))
    for function in (ensure, check):
        with pytest.raises(UserError, match=bootstrap):
            asyncio.run(function(config))


def application(broker: Broker) -> Config:
    """An application whose topics nobody else uses."""
    named = [field.name for field in fields(Topics)]
    renamed = Topics(**{name: unique(name) for name in named})
    return Config(kafka=Kafka(bootstrap=broker.bootstrap), app=unique("app"), topics=renamed)


def names(config: Config) -> list[str]:
    """The application's topics, in the order of the file."""
    return [topic.name for topic in load(config).topics]


def with_admin(broker: Broker, ask: Callable[[AIOKafkaAdminClient], Awaitable[Result]]) -> Result:
    """Ask something of a broker's admin interface."""

    async def run() -> Result:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            return await ask(admin)
        finally:
            await admin.close()

    return asyncio.run(run())


def create(broker: Broker, topic: NewTopic) -> None:
    """Create a topic as somebody else would."""
    (error,) = with_admin(broker, lambda admin: admin.create_topics([topic])).topic_errors
    assert error[1] == 0


def partitions(broker: Broker, topic: str) -> int:
    """How many partitions a topic has."""
    (found,) = with_admin(broker, lambda admin: admin.describe_topics([topic]))
    return len(found["partitions"])


def send(broker: Broker, topic: str) -> None:
    """Put one record into the first partition of a topic."""

    async def run() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
        await producer.start()
        try:
            await producer.send_and_wait(topic, b"v", key=b"k", partition=0)
        finally:
            await producer.stop()

    asyncio.run(run())


def end_of_first_partition(broker: Broker, topic: str) -> int:
    """The offset the next record of a topic's first partition will get."""

    async def run() -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
        await consumer.start()
        try:
            first = TopicPartition(topic, 0)
            ends = await consumer.end_offsets([first])
            return int(ends[first])
        finally:
            await consumer.stop()

    return asyncio.run(run())
