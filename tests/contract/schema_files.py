"""The files under `schemas/`, as tests need them: schemas with their references, examples."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from streams.wire.codec import loads

SCHEMAS = Path(__file__).parents[2] / "schemas"
EXAMPLES = SCHEMAS / "examples"
VECTORS = SCHEMAS / "vectors"
KEY_WITHOUT_SUBJECT = "T-1001"


def schema_paths() -> list[Path]:
    """Every JSON Schema of the repository."""
    found = SCHEMAS.rglob("*.json")
    return sorted(path for path in found if not {EXAMPLES, VECTORS} & set(path.parents))


def event_types() -> set[str]:
    """Every event type that has a schema."""
    return {path.stem for path in (SCHEMAS / "events").glob("*.json")}


@cache
def _registry() -> Registry[Any]:
    files = ((p.as_uri(), json.loads(p.read_text())) for p in schema_paths())
    return Registry().with_resources((uri, Resource.from_contents(doc)) for uri, doc in files)


@cache
def validator(name: str, fragment: str = "") -> Draft202012Validator:
    """A validator of one schema file, or of a part of it, with its references resolved."""
    target = (SCHEMAS / name).as_uri() + fragment
    return Draft202012Validator({"$ref": target}, registry=_registry())


def allowed_by_schema(event: Any) -> bool:
    """Whether the schema of the event's type accepts it; False for a type without one."""
    event_type = event.get("type") if isinstance(event, dict) else None
    if not isinstance(event_type, str) or event_type not in event_types():
        return False
    return validator(f"events/{event_type}.json").is_valid(event)


@dataclass(frozen=True)
class Example:
    """One file under `schemas/examples/`, as a Kafka record."""

    name: str
    """Its file name without suffix."""
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    @property
    def rule(self) -> str:
        """The event type, or the reason, that stands before `__`."""
        head = self.name.partition("__")[0]
        return f"missing:{head[8:]}" if head.startswith("missing.") else head

    @property
    def event(self) -> Any:
        """The CloudEvent in structured form; `None` where there is none to read."""
        try:
            attributes = {n[3:]: v.decode() for n, v in self.headers if v and n.startswith("ce_")}
            content = None if self.value is None else loads(self.value)
        except ValueError:
            return None
        structured = any(b"cloudevents" in (v or b"") for _, v in self.headers)
        return {**attributes, "data": content} if attributes and not structured else content


def examples(folder: str) -> Iterator[Example]:
    """All examples of `valid` or `invalid`, by name."""
    for path in sorted((EXAMPLES / folder).iterdir()):
        name = path.name.removesuffix(".json").removesuffix(".case")
        content = json.loads(path.read_text())
        is_case = path.name.endswith(".case.json")
        yield _case(name, content) if is_case else _plain(name, path.read_bytes(), content)


def _plain(name: str, raw: bytes, event: Mapping[str, Any]) -> Example:
    subject = event.get("subject")
    key = subject if isinstance(subject, str) else KEY_WITHOUT_SUBJECT
    return Example(name, key.encode(), raw, [])


def _case(name: str, case: Mapping[str, Any]) -> Example:
    key = case["key"]
    headers: list[tuple[str, bytes | None]] = [
        ((_bytes(header) or b"").decode(errors="surrogateescape"), _bytes(content))
        for header, content in case["headers"]
    ]
    encoded = case.get("value_base64")
    value = _bytes(case["value"] if encoded is None else {"base64": encoded})
    padded = None if value is None else value + b" " * case.get("pad", 0)
    return Example(name, None if key is None else key.encode(), padded, headers)


def _bytes(content: str | Mapping[str, str] | None) -> bytes | None:
    if content is None:
        return None
    return content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])
