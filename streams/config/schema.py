"""The configuration as JSON Schema 2020-12, generated from the model.

`python -m streams.config > schemas/config/deskpulse.json` writes the file that editors use;
a test keeps it equal to the model.
"""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from streams.config.model import Config
from streams.config.problems import Path

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ANY_NAME: Final = "*"
"""Stands in a path for a name of the user's, as in `queues.*.tier`."""


@cache
def adapter() -> TypeAdapter[Config]:
    """The validator, built once and only when a configuration is read."""
    return TypeAdapter(Config)


def schema() -> dict[str, Any]:
    """The JSON Schema of deskpulse.yml, with every default as it would be written there."""
    generated = adapter().json_schema()
    defaults = adapter().dump_python(Config(), mode="json")
    _set_defaults(generated, defaults, generated)
    head = {"$schema": DIALECT, "$id": "urn:deskpulse:config:deskpulse"}
    return {**head, **generated, "title": "deskpulse.yml"}


def schema_text() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _target(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The definition that a node refers to, or the node itself."""
    name = node.get("$ref", "").rpartition("/")[2]
    definition: dict[str, Any] = root["$defs"][name] if name else node
    return definition


def _set_defaults(node: dict[str, Any], defaults: dict[str, Any], root: dict[str, Any]) -> None:
    for key, child in node["properties"].items():
        # The titles only repeat the keys.
        child.pop("title", None)
        inner = _target(child, root)
        if "properties" in inner:
            _set_defaults(inner, defaults[key], root)
            child.pop("default", None)
        else:
            child["default"] = defaults[key]


def known_paths() -> frozenset[Path]:
    """Every key that can be set, as its path from the top."""
    root = adapter().json_schema()
    return frozenset(_paths(root, (), root))


def _paths(node: dict[str, Any], path: Path, root: dict[str, Any]) -> Iterator[Path]:
    for key, child in node.get("properties", {}).items():
        yield (*path, key)
        yield from _paths(_target(child, root), (*path, key), root)
    if named := node.get("additionalProperties"):
        yield from _paths(_target(named, root), (*path, ANY_NAME), root)


def suggestion(path: Path) -> str:
    """What the user may have meant by a key that does not exist."""
    *section, wrong = map(str, path)
    known = known_paths()
    siblings = sorted(str(key) for *parent, key in known if _same_section(parent, section))
    if close := get_close_matches(wrong, siblings, n=1):
        return f"did you mean {close[0]}?"
    elsewhere = sorted(".".join(map(str, other)) for other in known if other[-1] == wrong)
    if elsewhere:
        return f"did you mean {elsewhere[0]}?"
    return f"expected one of {', '.join(siblings)}"


def _same_section(pattern: list[str | int], section: list[str]) -> bool:
    return len(pattern) == len(section) and all(
        part in (ANY_NAME, name) for part, name in zip(pattern, section, strict=True)
    )
