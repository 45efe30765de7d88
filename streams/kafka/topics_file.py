"""What the topics should be: topics.yml, validated, under the names of the configuration."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import resources
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import yaml
from pydantic import BeforeValidator, ConfigDict, PositiveInt, TypeAdapter

from streams.config.model import Config


class Use(StrEnum):
    """What somebody does with the topics: the commands of that name."""

    WORKER = "worker"
    PUBLISH = "publish"
    REPORT = "report"
    """Also `explain` and `due`."""
    NOTIFY = "notify"
    DEAD_LETTERS = "dead-letters"
    TOPICS = "topics"
    """Also `reset`."""


Operation = Literal["Read", "Write", "Create", "Delete", "Describe", "DescribeConfigs"]
"""Kafka's names of what may be allowed."""

_UNITS: Final[Mapping[str, int]] = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
}
_QUANTITY: Final = re.compile(rf"(\d+)({'|'.join(_UNITS)})")


def _in_kafkas_units(settings: Mapping[str, object]) -> Mapping[str, str]:
    """Topic settings the way Kafka writes them: `6h` is `21600000`."""
    return {key: _setting(key, value) for key, value in settings.items()}


def _setting(key: str, value: object) -> str:
    quantity = _QUANTITY.fullmatch(str(value))
    text = str(int(quantity[1]) * _UNITS[quantity[2]]) if quantity else str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        # pydantic reports a ValueError and lets a TypeError pass
        raise ValueError(f"{key}: expected text or a number, got {value!r}")  # noqa: TRY004
    if key.endswith((".ms", ".bytes")) and not text.isdecimal():
        raise ValueError(f"{key}: expected a number, or one with a unit such as 6h or 64MiB")
    return text


@dataclass(frozen=True, slots=True)
class Topic:
    """What one topic should be."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    purpose: str
    partitions: PositiveInt | Literal["as source", "as agents", "as customers", "as ticket_facts"]
    config: Annotated[Mapping[str, str], BeforeValidator(_in_kafkas_units)]
    """Kafka's own settings, in Kafka's own units."""
    optional: bool = False
    """Workers run without it."""
    rights: Mapping[Use, tuple[Operation, ...]] = field(default_factory=dict)
    """What has to be allowed for each use."""


class Topics(NamedTuple):
    """The topics by what they are for."""

    source: Topic
    agents: Topic
    customers: Topic
    transitions: Topic
    late: Topic
    dead_letters: Topic
    ticket_facts: Topic
    agents_changelog: Topic
    customers_changelog: Topic
    requesters_changelog: Topic
    changelog: Topic

    def model_of(self, topic: Topic) -> Topic | None:
        """The topic whose number of partitions it takes; `None` where it has its own."""
        if isinstance(topic.partitions, int):
            return None
        found: Topic = getattr(self, topic.partitions.removeprefix("as "))
        return found


@dataclass(frozen=True, slots=True)
class TopicsFile:
    """What stands in topics.yml."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    replication: PositiveInt
    topics: Topics


def parse(text: str) -> TopicsFile:
    """The content of a topics file; raises pydantic's `ValidationError` for any mistake."""
    return TypeAdapter(TopicsFile).validate_python(yaml.safe_load(text))


def load(config: Config) -> TopicsFile:
    """The topics of one application, with the names its configuration gives them."""
    file = parse(resources.files(__package__).joinpath("topics.yml").read_text("utf-8"))
    names = {
        role: getattr(config.topics, role, topic.name.format(app=config.app))
        for role, topic in file.topics._asdict().items()
    }
    named = {
        role: replace(topic, name=names[role]) for role, topic in file.topics._asdict().items()
    }
    return replace(file, topics=Topics(**named))
