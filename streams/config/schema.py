"""The configuration as JSON Schema 2020-12, generated from the model.

`python -m streams.config sla > schemas/config/sla.json` writes the file that editors use, and
likewise for the others; a test keeps them equal to the model.
"""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from streams.config.model import Config, home
from streams.config.problems import Path

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ANY_NAME: Final = "*"
"""Stands in a path for a name of the user's, or a place in a list, as in `queues.*.tier`."""
_REFERENCE: Final = re.compile('"#/\\$defs/([^"]+)"')


@cache
def adapter() -> TypeAdapter[Config]:
    """The validator, built once and only when a configuration is read."""
    return TypeAdapter(Config)


def schema(file: str) -> dict[str, Any]:
    """The JSON Schema of one file, with every default as it would be written there."""
    generated = adapter().json_schema()
    defaults = adapter().dump_python(Config(), mode="json")
    _set_defaults(generated, defaults, generated)
    properties = {
        key: child for key, child in generated["properties"].items() if home(key) == f"{file}.yml"
    }
    definitions = generated["$defs"]
    used = _used(properties, definitions)
    return {
        "$schema": DIALECT,
        "$id": f"urn:deskpulse:config:{file}",
        **generated,
        "$defs": {name: _plain(each) for name, each in definitions.items() if name in used},
        "properties": properties,
        "title": f"{file}.yml",
    }


def _plain(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition without what only repeats it: titles that are keys, defaults of definitions."""
    for child in definition.get("properties", {}).values():
        child.pop("title", None)
        if "$ref" in child and isinstance(child.get("default"), dict):
            del child["default"]
    return definition


def _used(node: Any, definitions: dict[str, Any]) -> set[str]:
    """The definitions that a part of the schema refers to, directly or through others."""
    used: set[str] = set()
    new = set(_REFERENCE.findall(json.dumps(node)))
    while new:
        used |= new
        new = set(_REFERENCE.findall(json.dumps([definitions[name] for name in new]))) - used
    return used


def schema_text(file: str) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(file), indent=2, ensure_ascii=False) + "\n"


def _target(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The definition that a node refers to, or the node itself."""
    name = node.get("$ref", "").rpartition("/")[2]
    definition: dict[str, Any] = root["$defs"][name] if name else node
    return definition


def _set_defaults(node: dict[str, Any], defaults: dict[str, Any], root: dict[str, Any]) -> None:
    for key, child in node["properties"].items():
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
    if named := node.get("additionalProperties") or node.get("items"):
        yield from _paths(_target(named, root), (*path, ANY_NAME), root)
    for other in node.get("anyOf", ()):
        yield from _paths(_target(other, root), path, root)


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
