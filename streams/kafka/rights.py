"""What the broker has to allow, and no more: rights (ACLs) by what is done with them.

Those on topics stand in topics.yml beside each topic; the group and the transactions are the
worker's. Whoever may read or write something may also look at it (Kafka's Describe).
"""

import shlex
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from streams.config.model import Config
from streams.kafka.exactly_once import transactions
from streams.kafka.journal import others_of, tickets_of
from streams.kafka.letters import LETTERS
from streams.kafka.topics_file import Operation, Use, load

ADMIN: Final = "admin.properties"
"""The file that tells Kafka's own tools how an administrator gets in."""


class Right(NamedTuple):
    """What is allowed on one resource."""

    kind: str
    """`topic`, `group` or `transactional-id`, as Kafka's tool calls them."""
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False
    """Whether it is allowed on everything whose name begins so."""


def rights(config: Config, uses: Collection[Use]) -> Iterator[Right]:
    """The least that an application needs for these uses."""
    for topic in load(config).topics:
        granted = {each for use in uses for each in topic.rights.get(use, ())}
        if granted:
            yield Right("topic", topic.name, tuple(sorted(granted)))
    if not {Use.WORKER, Use.TOPICS}.isdisjoint(uses):
        # A reset puts the group's position back.
        yield Right("group", config.app, ("Read",))
    if config.delivery != "at_least_once":
        for name in _transactional(config, uses):
            prefix = transactions(config, name)
            yield Right("transactional-id", prefix, ("Write",), prefixed=True)


def _transactional(config: Config, uses: Collection[Use]) -> Iterator[str]:
    if Use.WORKER in uses:
        yield from (source.name for source in (tickets_of(config), *others_of(config)))
    if Use.DEAD_LETTERS in uses:
        yield LETTERS


def commands(config: Config, principal: str, uses: Collection[Use]) -> Iterator[str]:
    """Commands of Kafka's own tool that allow it, one for all that is allowed alike."""
    tool = ["kafka-acls.sh", "--bootstrap-server", config.kafka.bootstrap]
    if config.kafka.security not in {None, "plaintext"}:
        tool += ["--command-config", ADMIN]
    alike: dict[tuple[bool, tuple[Operation, ...]], list[str]] = {}
    for right in rights(config, uses):
        resources = alike.setdefault((right.prefixed, right.operations), [])
        resources += [f"--{right.kind}", right.name]
    for (prefixed, operations), resources in alike.items():
        granted = [word for each in operations for word in ("--operation", each)]
        pattern = ["--resource-pattern-type", "prefixed"] if prefixed else []
        allow = ["--add", "--allow-principal", principal, *granted]
        yield shlex.join([*tool, *allow, *resources, *pattern])
