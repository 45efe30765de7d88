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
    partitions: PositiveInt | Literal["as source"]
    config: Annotated[Mapping[str, str], BeforeValidator(_in_kafkas_units)]
    """Kafka's own settings, in Kafka's own units."""
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
    changelog: Topic


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
    topics, names = file.topics, config.topics
    return replace(
        file,
        topics=Topics(
            source=replace(topics.source, name=names.source),
            agents=replace(topics.agents, name=names.agents),
            customers=replace(topics.customers, name=names.customers),
            transitions=replace(topics.transitions, name=names.transitions),
            late=replace(topics.late, name=names.late),
            dead_letters=replace(topics.dead_letters, name=names.dead_letters),
            changelog=replace(topics.changelog, name=topics.changelog.name.format(app=config.app)),
        ),
    )
