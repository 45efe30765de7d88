"""`asyncapi.yaml` is whole: every reference leads somewhere, every topic and type is there."""

import json
from typing import Any

import yaml

from tests.contract.schema_files import SCHEMAS, event_types

API: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for item in node.values() for found in _references(item)]


def _resolve(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    found: Any = json.loads((SCHEMAS / file).read_text()) if file else API
    for step in pointer.split("/")[1:]:
        found = found[step]
    return found


def test_it_is_asyncapi_3_and_every_reference_resolves() -> None:
    assert API["asyncapi"] == "3.0.0"
    references = _references(API)
    assert references
    for reference in references:
        assert _resolve(reference)


def test_it_has_every_topic() -> None:
    assert {channel["address"] for channel in API["channels"].values()} == {
        "ticket-events",
        "agent-events",
        "customer-events",
        "{app}-ticket-facts",
        "sla-transitions",
        "late-events",
        "dead-letters",
        "{app}-{processor}-changelog",
    }


def test_readers_of_every_topic_that_is_written_are_told_to_read_committed() -> None:
    told = {tag["name"]: tag["description"] for tag in API["info"]["tags"]}
    assert "isolation.level=read_committed" in told["out"]
    written = {
        operation["channel"]["$ref"].rpartition("/")[2]
        for operation in API["operations"].values()
        if operation["action"] == "send"
    }
    tagged = {n for n, one in API["channels"].items() if one["tags"] == [{"name": "out"}]}
    assert written == tagged


def test_every_topic_is_read_or_written() -> None:
    used = {operation["channel"]["$ref"] for operation in API["operations"].values()}
    assert used == {f"#/channels/{name}" for name in API["channels"]}


def test_every_event_type_is_a_message_with_its_own_schema_on_some_topic() -> None:
    on_topics = {
        reference
        for channel in API["channels"].values()
        for reference in _references(channel["messages"])
    }
    described = {}
    for reference in on_topics:
        message = _resolve(reference)
        schema = message.get("payload", {}).get("schema", {}).get("$ref", "")
        if schema.startswith("events/"):
            described[message["name"]] = schema
    assert described == {name: f"events/{name}.json" for name in event_types()}


def test_every_message_says_what_its_key_is() -> None:
    for message in API["components"]["messages"].values():
        parts = [message, *(_resolve(trait["$ref"]) for trait in message.get("traits", []))]
        bindings = [_resolve(part["bindings"]["$ref"]) for part in parts if "bindings" in part]
        assert [binding["kafka"]["key"]["description"] for binding in bindings]
