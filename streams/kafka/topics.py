"""The topics: what they should be (topics.yml), creating them, comparing them.

A topic that exists is never altered: partitions and retention may have been chosen with
care, so a difference is told, and a person decides.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import resources
from typing import Annotated, Any, Final, Literal, NamedTuple

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from pydantic import BeforeValidator, ConfigDict, PositiveInt, TypeAdapter

from streams.config.model import Config, Kafka
from streams.errors import UserError
from streams.kafka.connection import client_arguments, reachable

_UNITS: Final[Mapping[str, int]] = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
}
_QUANTITY: Final = re.compile(rf"(\d+)({'|'.join(_UNITS)})")

_RETRY_S: Final = 0.2
_TRIES: Final = 100


def _setting(value: object) -> str:
    """A topic setting the way Kafka writes it: `6h` is `21600000`."""
    quantity = _QUANTITY.fullmatch(str(value))
    return str(int(quantity[1]) * _UNITS[quantity[2]]) if quantity else str(value)


@dataclass(frozen=True, slots=True)
class Topic:
    """What one topic should be."""

    name: str
    purpose: str
    partitions: PositiveInt | Literal["as source"]
    config: Mapping[str, Annotated[str, BeforeValidator(_setting)]]
    """Kafka's own settings, in Kafka's own units."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics by what they are for."""

    source: Topic
    transitions: Topic
    late: Topic
    dead_letters: Topic
    changelog: Topic

    def __iter__(self) -> "Iterable[Topic]":
        return iter((self.source, self.transitions, self.late, self.dead_letters, self.changelog))
