"""Creating the topics and comparing them with what they should be (`topics_file`).

A topic that exists is never altered: partitions and retention may have been chosen with
care, so a difference is told, and a person decides.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from streams.config.model import Config, Kafka
from streams.errors import UserError
from streams.kafka.connection import client_arguments, reachable
from streams.kafka.diagnosis import hidden, not_allowed
from streams.kafka.topics_file import Topic, Topics, TopicsFile, load

_LOOKS: Final = 300
_BETWEEN_LOOKS_S: Final = 0.1


class Findings(NamedTuple):
    """What a comparison with the broker came to, one line each."""

    problems: list[str]
    """Deskpulse does not work, or not for long, until these are put right."""
    notes: list[str]
    """What differs and may be meant so, and what this broker does not tell."""


async def ensure(config: Config) -> list[str]:
    """Create the topics that are missing; returns their names.

    Raises `UserError` when no broker answers or it refuses to create one.
    """
    wanted = load(config)
    created: list[str] = []
    async with _admin(config.kafka) as admin:
        # First those whose partitions decide those of the state: as many as they really have.
        for topics in _in_turn(wanted.topics):
            cluster = await _look(admin)
            missing = [topic for topic in topics if topic.name not in cluster.topics]
            await _create(admin, cluster, wanted, missing)
            created += (topic.name for topic in missing)
    return created


def _in_turn(topics: Topics) -> list[list[Topic]]:
    """The topics, those behind others whose number of partitions they take."""
    first = [topic for topic in topics if topics.model_of(topic) is None]
    then = [topic for topic in topics if topics.model_of(topic) in first]
    return [first, then, [topic for topic in topics if topic not in first + then]]


async def existing(config: Config) -> frozenset[str]:
    """The names of those of our topics that exist."""
    wanted = load(config)
    async with _admin(config.kafka) as admin:
        cluster = await _look(admin)
    return frozenset(topic.name for topic in wanted.topics if topic.name in cluster.topics)


async def recreate(config: Config, name: str) -> None:
    """Delete one of our topics with everything in it, and create it anew.

    Raises `UserError` when the broker refuses either.
    """
    wanted = load(config)
    (topic,) = [topic for topic in wanted.topics if topic.name == name]
    async with _admin(config.kafka) as admin:
        answer = await admin.delete_topics([name])
        _refuse(answer.topic_error_codes, "deleted", UnknownTopicOrPartitionError)
        cluster = await _until(admin, {name}, exist=False)
        await _create(admin, cluster, wanted, [topic])


async def check(config: Config) -> Findings:
    """Compare the topics of an application with what they should be; changes nothing.

    Raises `UserError` when no broker answers.
    """
    wanted = load(config)
    findings = Findings([], [])
    async with _admin(config.kafka) as admin:
        cluster = await _look(admin)
        for topic in wanted.topics:
            layout = cluster.topics.get(topic.name)
            if layout is None:
                missing = f"{topic.name} is missing; `deskpulse topics ensure` creates it" + hidden(
                    config.kafka
                )
                (findings.notes if topic.optional else findings.problems).append(missing)
                continue
            _compare_layout(topic, layout, cluster, wanted, findings)
            _compare_settings(topic, await _settings(admin, topic.name), findings)
    return findings


class _Layout(NamedTuple):
    partitions: int
    replicas: int


class _Cluster(NamedTuple):
    brokers: int
    topics: Mapping[str, _Layout]

    def partitions(self, topic: Topic, topics: Topics) -> int:
        """How many partitions a topic of ours should have on this cluster."""
        model = topics.model_of(topic)
        if model is None:
            return int(topic.partitions)
        found = self.topics.get(model.name)
        return self.partitions(model, topics) if found is None else found.partitions


@asynccontextmanager
async def _admin(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_arguments(kafka))
    try:
        async with reachable(kafka):
            await admin.start()
        yield admin
    finally:
        await admin.close()


async def _look(admin: AIOKafkaAdminClient) -> _Cluster:
    """What there is. All topics: some brokers create a missing one when asked for it by name."""
    cluster = await admin.describe_cluster()
    layouts = {
        topic["topic"]: _Layout(
            len(topic["partitions"]),
            min((len(partition["replicas"]) for partition in topic["partitions"]), default=0),
        )
        for topic in await admin.describe_topics()
    }
    return _Cluster(len(cluster["brokers"]), layouts)


async def _until(admin: AIOKafkaAdminClient, names: set[str], *, exist: bool) -> _Cluster:
    """Look until all of these exist, or none: a broker shows what it has done a little later."""
    for _ in range(_LOOKS):
        cluster = await _look(admin)
        if names.intersection(cluster.topics) == (names if exist else set()):
            return cluster
        await asyncio.sleep(_BETWEEN_LOOKS_S)
    raise UserError(f"the broker is still busy with {', '.join(sorted(names))}; try again later")


async def _create(
    admin: AIOKafkaAdminClient, cluster: _Cluster, wanted: TopicsFile, missing: Sequence[Topic]
) -> None:
    if not missing:
        return
    replicas = min(wanted.replication, cluster.brokers)
    answer = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                cluster.partitions(topic, wanted.topics),
                replicas,
                topic_configs={**topic.config, "min.insync.replicas": str(max(1, replicas - 1))},
            )
            for topic in missing
        ]
    )
    # Another worker that started at the same time may have been faster.
    _refuse(answer.topic_errors, "created", TopicAlreadyExistsError)
    await _until(admin, {topic.name for topic in missing}, exist=True)


def _refuse(errors: Iterable[Sequence[Any]], done: str, harmless: type[Exception]) -> None:
    """Raise what a broker answered: (topic, error code, perhaps a text) each."""
    for name, code, *text in errors:
        error = for_code(code)
        if code and error is not harmless:
            why = not_allowed(error(name)) or next(filter(None, text), error.__name__)
            raise UserError(f"the topic {name} could not be {done}: {why}")


async def _settings(admin: AIOKafkaAdminClient, name: str) -> Mapping[str, str]:
    """The topic's settings, as far as this broker tells them (and lets us ask)."""
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {
        entry[0]: entry[1]
        for answer in answers
        for *_, entries in answer.resources
        for entry in entries
    }


def _compare_layout(
    topic: Topic, found: _Layout, cluster: _Cluster, wanted: TopicsFile, findings: Findings
) -> None:
    partitions = cluster.partitions(topic, wanted.topics)
    model = wanted.topics.model_of(topic)
    if found.partitions != partitions and model is not None:
        findings.problems.append(
            f"{topic.name} has {found.partitions} partitions, but {model.name} has {partitions};"
            " stop the workers, then `deskpulse reset` makes it anew"
        )
    elif found.partitions != partitions:
        findings.notes.append(
            f"{topic.name} has {found.partitions} partitions; a new one gets {partitions}"
        )
    replicas = min(wanted.replication, cluster.brokers)
    if found.replicas < replicas:
        findings.notes.append(
            f"{topic.name} is kept on {found.replicas} of {cluster.brokers} brokers;"
            f" a new one is kept on {replicas}"
        )


def _compare_settings(topic: Topic, found: Mapping[str, str], findings: Findings) -> None:
    untold = [key for key in topic.config if key not in found]
    if untold:
        findings.notes.append(
            f"{topic.name}: not checked, because this broker does not tell: {', '.join(untold)}"
        )
    for key, value in topic.config.items():
        if key in untold or found[key] == value:
            continue
        if key == "cleanup.policy":
            findings.problems.append(
                f"{topic.name} has {key}={found[key]} and would lose what Deskpulse needs;"
                f" set it to {value}"
            )
        else:
            findings.notes.append(f"{topic.name} has {key}={found[key]}; a new one gets {value}")
