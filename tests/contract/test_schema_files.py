"""The schemas are schemas, resolve, and say what the program's own tables say."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streams.core import events as ev
from streams.core.instants import format_rfc3339
from streams.core.processor import Processor
from streams.core.report import Books, report
from streams.core.settings import Settings
from streams.wire import packing
from streams.wire.cloudevents import decode
from streams.wire.deadletters import LATE, Origin, details, letter
from streams.wire.payloads import PAYLOADS, WITHOUT_DATA
from streams.wire.reasons import MAX_VALUE_BYTES, REASONS
from streams.wire.replaying import Place, mark
from tests.contract.schema_files import SCHEMAS, examples, schema_paths, validator

COMMON = json.loads((SCHEMAS / "common.json").read_text())["$defs"]
NOW = 1_772_452_800_000


@pytest.mark.parametrize("path", schema_paths(), ids=lambda p: str(p.relative_to(SCHEMAS)))
def test_every_schema_is_valid_under_the_2020_12_metaschema(path: Path) -> None:
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", schema_paths(), ids=lambda p: str(p.relative_to(SCHEMAS)))
def test_every_reference_in_a_schema_resolves(path: Path) -> None:
    for reference in _references(json.loads(path.read_text())):
        file, _, pointer = reference.partition("#")
        target = (path.parent / file).resolve() if file else path
        found = json.loads(target.read_text())
        for step in pointer.split("/")[1:]:
            found = found[step]


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for item in node.values() for found in _references(item)]


def test_every_event_type_has_a_schema_that_names_it() -> None:
    types = ev.TICKET_TYPES | ev.AGENT_TYPES | ev.CUSTOMER_TYPES | ev.REQUESTER_TYPES
    for event_type in types:
        schema = json.loads((SCHEMAS / f"events/{event_type}.json").read_text())
        assert schema["properties"]["type"] == {"const": event_type}
        assert ("data" in schema.get("required", [])) == (event_type not in WITHOUT_DATA)
    assert set(PAYLOADS) == types


def test_the_attributes_and_closed_lists_are_those_of_the_engine() -> None:
    attributes = COMMON["attributes"]["properties"]
    assert tuple(attributes) == ev.ATTRIBUTES
    for name, values in ev.ENUM_ATTRIBUTES.items():
        assert set(attributes[name]["anyOf"][0]["enum"]) == values
    assert set(COMMON["role"]["enum"]) == ev.ROLES


def test_the_reasons_are_those_of_the_program() -> None:
    assert COMMON["reason"]["enum"] == list(REASONS)


@pytest.mark.parametrize("reason", ["json", "missing:author.id", LATE])
@pytest.mark.parametrize("size", [10, MAX_VALUE_BYTES + 1])
def test_the_headers_of_a_letter_match_their_schema(reason: str, size: int) -> None:
    origin = Origin("ticket-events", 3, 42)
    made = letter(b"T-1", b"x" * size, [], reason=reason, origin=origin, seen_ms=NOW, engine="1")
    validator("dead-letter.json").validate(details(made.headers))


@pytest.mark.parametrize("key", [None, b"T-1"])
def test_the_headers_of_a_mark_match_their_schema(key: bytes | None) -> None:
    made = mark(Place(2, 1_234), key, at_ms=NOW, engine="1")
    validator("dead-letter.json").validate(details(made.headers))
    assert not validator("dead-letter.json", "#/$defs/letter").is_valid(details(made.headers))


def test_an_unknown_reason_does_not_match_the_schema_of_a_letter() -> None:
    origin = Origin("ticket-events", 3, 42)
    made = letter(None, b"", [], reason="mood", origin=origin, seen_ms=NOW, engine="1")
    assert not validator("dead-letter.json").is_valid(details(made.headers))


def test_the_report_of_nothing_and_of_all_examples_match_their_schema() -> None:
    settings = Settings()
    processor = Processor(settings, packing)
    messages = [*examples("valid"), *examples("invalid")]
    processor.apply(
        [
            (place, decode(m.key, m.value, m.headers, now_ms=NOW, future_skew_ms=0))
            for place, m in enumerate(messages)
        ]
    )
    full = Books(processor.records, processor.settled, processor.outcomes)
    for books in (Books(), full):
        validator("report.json").validate(report(books, settings, packing, NOW))


def test_the_schema_of_the_report_is_not_empty() -> None:
    made = report(Books(), Settings(), packing, NOW)
    assert made["as_of"] == format_rfc3339(NOW)
    for name in made:
        assert not validator("report.json").is_valid({**made, name: "nothing"})
