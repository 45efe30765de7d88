"""The JSON Schema and the example say what the model says."""

import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from streams.config import Config, ConfigError, load
from streams.config.model import home
from streams.config.schema import known_paths, schema_text

Folder = Callable[[str], Path]

FILES = ("deskpulse", "sla", "scorecards")
ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas" / "config"
EXAMPLE = ROOT / "deploy" / "config"
EXAMPLE_TEXT = (EXAMPLE / "deskpulse.yml").read_text(encoding="utf-8")


SCORECARDS_TEXT = (EXAMPLE / "scorecards.yml").read_text(encoding="utf-8")
SLA_TEXT = (EXAMPLE / "sla.yml").read_text(encoding="utf-8")


def valid(text: str, file: str = "deskpulse") -> bool:
    """Whether the published schema takes a file."""
    schema = json.loads((SCHEMAS / f"{file}.json").read_text(encoding="utf-8"))
    # A date is text to JSON, and to the editors that use the schema.
    data = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return Draft202012Validator(schema).is_valid(data)


def paths(data: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every key of nested maps."""
    if not isinstance(data, dict):
        return set()
    below = [paths(value, (*path, key)) for key, value in data.items()]
    return {(*path, key) for key in data}.union(*below)


@pytest.mark.parametrize("file", FILES)
def test_the_published_schema_is_the_model(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If not: python -m streams.config FILE > schemas/config/FILE.json."""
    monkeypatch.setattr("sys.argv", ["streams.config", file])
    runpy.run_module("streams.config", run_name="__main__")
    assert capsys.readouterr().out == (SCHEMAS / f"{file}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES)
def test_the_published_schema_is_a_schema(file: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(file)))


def test_the_schema_states_defaults_as_a_file_holds_them(folder: Folder) -> None:
    def defaults(node: dict[str, Any]) -> dict[str, Any]:
        name = node.get("$ref", "").rpartition("/")[2]
        target = schema["$defs"][name] if name else node
        return {
            key: defaults(child) if "$ref" in child else child["default"]
            for key, child in target["properties"].items()
        }

    schema = json.loads(schema_text("deskpulse"))
    assert load(folder(json.dumps(defaults(schema)))) == Config()


def test_the_example_is_the_defaults(folder: Folder) -> None:
    assert load(folder(EXAMPLE_TEXT)) == Config()


def test_the_example_shows_every_key() -> None:
    # "#key: value" is a key without a default; "# text" is a remark.
    everything = yaml.safe_load(re.sub(r"(?m)^( *)#(?=\w)", r"\1", EXAMPLE_TEXT))
    known = {path for path in known_paths() if home(str(path[0])) == "deskpulse.yml"}
    named = {path for path in known if "*" in path}
    assert paths(everything) == known - named
    assert {str(path[-1]) for path in named} <= set(re.findall(r"(\w+)\b", EXAMPLE_TEXT))


def test_the_example_of_scorecards_is_taken_by_schema_and_loader() -> None:
    assert valid(SCORECARDS_TEXT, "scorecards")
    assert [card.name for card in load(EXAMPLE).engine.scorecards] == ["starter", "service"]


def test_the_example_of_scorecards_shows_every_key() -> None:
    known = {path for path in known_paths() if home(str(path[0])) == "scorecards.yml"}
    assert {str(path[-1]) for path in known if path[-1] != "*"} <= set(
        re.findall(r"(\w+)\b", SCORECARDS_TEXT)
    )


def test_the_example_of_promises_is_taken_by_schema_and_loader() -> None:
    assert valid(SLA_TEXT, "sla")
    assert [policy.name for policy in load(EXAMPLE).engine.policies.policies] == [
        "enterprise-urgent",
        "business",
        "standard",
    ]


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE_TEXT,
        "kafka: {security: sasl_tls, username: a, password: env:P}",
        "queues: {payments: {tier: 2}}",
        "sources: {acme/*: {response_signal: pickup, resolution_at: closed}}",
    ],
)
def test_the_schema_takes_what_the_loader_takes(folder: Folder, text: str) -> None:
    assert valid(text)
    load(folder(text))


@pytest.mark.parametrize(
    "text",
    [
        "latenes: {}",
        "lateness: {apply_within: 7 days}",
        "windows: [0m]",
        "kafka: {password: hunter2}",
        "kafka: {bootstrap: kafka}",
        "snapshots: {end_of_week: '18:00'}",
        "queues: {payments: {tier: 0}}",
        "sources: {acme: {response_signal: answer}}",
        "metrics: {port: 0}",
        "app: ''",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(folder: Folder, text: str) -> None:
    assert not valid(text)
    with pytest.raises(ConfigError):
        load(folder(text))
