"""What `deskpulse topics acls` prints: derived from topics.yml and the configuration."""

from dataclasses import replace

import pytest

from streams.cli import run
from streams.config import Config
from streams.config.model import Kafka, Topics
from streams.kafka.rights import commands, rights
from streams.kafka.topics_file import Use, load

TOOL = "kafka-acls.sh --bootstrap-server 127.0.0.1:9092 --add --allow-principal User:ann"

PROCESSORS = ("tickets", "agents", "customers", "requesters")
KEPT = ("acme-ticket-facts", *(f"acme-{processor}-changelog" for processor in PROCESSORS))
"""What an application writes for itself."""


def granted(config: Config, *uses: Use) -> set[tuple[str, str, str]]:
    """Each single right as (operation, kind, name)."""
    return {
        (operation, right.kind, right.name)
        for right in rights(config, uses)
        for operation in right.operations
    }


def test_who_publishes_may_write_one_topic_and_nothing_else() -> None:
    assert granted(Config(), Use.PUBLISH) == {("Write", "topic", "ticket-events")}


def test_names_are_those_of_the_configuration() -> None:
    config = replace(Config(), app="acme", topics=Topics(source="in", transitions="out"))
    assert granted(config, Use.WORKER) == {
        *(("Read", "topic", name) for name in ("in", "agent-events", "customer-events")),
        *(("Write", "topic", name) for name in ("out", "late-events", "dead-letters")),
        *((operation, "topic", name) for operation in ("Read", "Write") for name in KEPT),
        ("Read", "group", "acme"),
        *(("Write", "transactional-id", f"acme-{processor}-") for processor in PROCESSORS),
    }
    assert granted(config, Use.NOTIFY) == {("Read", "topic", "out")}
    assert granted(config, Use.REPORT) == {("Read", "topic", name) for name in KEPT[1:]}
    assert granted(config, Use.DEAD_LETTERS) == {
        ("Write", "topic", "in"),
        ("Read", "topic", "late-events"),
        ("Read", "topic", "dead-letters"),
        ("Write", "topic", "dead-letters"),
        ("Write", "transactional-id", "acme-dead-letters-"),
    }


def test_a_worker_and_who_makes_topics_may_do_something_with_every_topic() -> None:
    for topic in load(Config()).topics:
        assert topic.rights[Use.WORKER], topic.name
        assert {"Create", "DescribeConfigs"} <= set(topic.rights[Use.TOPICS]), topic.name


def test_without_transactions_there_is_no_right_to_them() -> None:
    config = replace(Config(), delivery="at_least_once")
    uses = (Use.WORKER, Use.DEAD_LETTERS)
    assert all(kind != "transactional-id" for _, kind, _ in granted(config, *uses))


def test_nobody_but_who_makes_topics_may_make_or_delete_one() -> None:
    uses = [use for use in Use if use is not Use.TOPICS]
    assert {operation for operation, _, _ in granted(Config(), *uses)} <= {"Read", "Write"}


def test_what_is_allowed_alike_is_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics", "acls", "--principal", "User:ann", "--for", "worker"]) == 0
    read, write, both, transactions = capsys.readouterr().out.splitlines()
    events = "--topic ticket-events --topic agent-events --topic customer-events"
    aside = "--topic sla-transitions --topic late-events --topic dead-letters"
    assert read == f"{TOOL} --operation Read {events} --group deskpulse"
    assert write == f"{TOOL} --operation Write {aside}"
    assert both.startswith(f"{TOOL} --operation Read --operation Write --topic deskpulse-ticket-")
    assert transactions.startswith(
        f"{TOOL} --operation Write --transactional-id deskpulse-tickets-"
    )
    assert transactions.endswith(" --resource-pattern-type prefixed")


def test_a_principal_is_quoted_for_the_shell() -> None:
    (line,) = commands(Config(), "User:CN=a b;rm -rf", [Use.PUBLISH])
    assert "--allow-principal 'User:CN=a b;rm -rf' " in line


def test_behind_tls_the_commands_name_the_file_of_the_administrator() -> None:
    config = replace(Config(), kafka=Kafka(security="tls"))
    (line,) = commands(config, "User:ann", [Use.PUBLISH])
    assert " --command-config admin.properties " in line
