"""A mapping file: YAML -> `LogMapping`, or everything that is wrong with it at once."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path as FilesystemPath
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from streams.config.document import Document, parse
from streams.config.problems import ConfigError, Path, found_text, message
from streams.importers.mapping import LogMapping

SERVICENOW: Final = "servicenow-audit.yml"
"""The mapping of the format `servicenow-audit`, shipped inside the package."""

MISTAKES: Final[Mapping[str, str]] = {
    "missing": "found nothing, expected a value: the key is required",
    "model_attributes_type": "found {found}, expected a map",
    "model_type": "found {found}, expected a map",
    "too_short": "found an empty list, expected at least one entry",
    "union_tag_invalid": "found {tag}, expected one of {expected_tags}",
    "union_tag_not_found": "found no key {discriminator}, expected one",
}
"""What is told of the mistakes that the folder's configuration cannot have."""


def load_mapping(path: FilesystemPath) -> LogMapping:
    """Read a mapping file; raises `ConfigError` with every mistake, in file order."""
    document = Document(str(path))
    try:
        document = parse(str(path), path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        document.refuse(None, (), "not UTF-8, save the file with that encoding")
    except OSError as error:
        document.refuse(None, (), f"{error.strerror}, expected a file that can be read")
    return _mapping(document)


def parse_mapping(file: str, text: str) -> LogMapping:
    """The same for the text of a mapping; `file` is where its mistakes are said to be."""
    return _mapping(parse(file, text))


def servicenow_mapping() -> LogMapping:
    """The mapping of a ServiceNow audit table."""
    shipped = files("streams.importers").joinpath(SERVICENOW)
    return parse_mapping(SERVICENOW, shipped.read_text(encoding="utf-8"))


def _mapping(document: Document) -> LogMapping:
    mapping = None
    # What cannot be read at all has no keys to be missing.
    if document.data or not document.problems:
        try:
            mapping = LogMapping.model_validate(document.data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                _refuse(document, _keys(each["loc"]), _text(each))
        for path, text in _across_keys(document.data):
            _refuse(document, path, text)
    if mapping is None or document.problems:
        in_file_order = sorted(document.problems, key=lambda problem: problem.line or 0)
        raise ConfigError(tuple(in_file_order))
    return mapping


def _refuse(document: Document, path: Path, text: str) -> None:
    """Remember a mistake at the line of the key, or of the nearest one around it."""
    around = (path[:length] for length in range(len(path), 0, -1))
    line = next((document.lines[each] for each in around if each in document.lines), None)
    document.refuse(line, path, text)


def _across_keys(given: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """What no single key can tell. The keys may be wrong themselves."""
    if "time" not in given and "snapshot_at" not in given:
        yield ("time",), "found nothing, expected this or snapshot_at"
    if "time" in given and "snapshot_at" in given:
        yield ("snapshot_at",), "found time as well, expected one of them"
    if "id" in given and "hash" in given:
        yield ("hash",), "found id as well, expected one of them"
    created = _map(given.get("created"))
    if "activities" in created and "activity" not in given:
        yield ("created", "activities"), "found no activity.column that they could stand in"
    yield from _cells(("attributes",), given.get("attributes"))
    yield from _cells(("created", "attributes"), created.get("attributes"))


def _cells(path: Path, attributes: Any) -> Iterator[tuple[Path, str]]:
    for name, cell in _map(attributes).items():
        # One constant for every ticket is hardly meant: the `column:` was forgotten.
        if isinstance(cell, str):
            yield (*path, name), f"found a constant, expected {{column: {cell}}}"
        elif "default" in _map(cell) and not cell.get("values"):
            yield (*path, name, "default"), "found no values that it could be the rest of"


def _map(given: Any) -> dict[Any, Any]:
    return given if isinstance(given, dict) else {}


def _text(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return f"unknown key, expected one of {', '.join(_known_keys(error['loc']))}"
    template = MISTAKES.get(error["type"])
    if template is None:
        return message(error)
    found = found_text(error["input"])
    return template.format(found=found, **error.get("ctx", {})).replace("'", "")


def _keys(place: Path) -> Path:
    """A place as the file has it: without the branches of a choice, which pydantic adds."""
    if place[:1] == ("created",):
        place = ("created", *place[2:])
    return tuple(key for key in place if not str(key).startswith("<"))


def _known_keys(place: Path) -> list[str]:
    """The keys that a mapping may have where `place` ends in one that it may not."""
    models: list[type[BaseModel]] = [LogMapping]
    for key in map(str, place[:-1]):
        fields = [model.model_fields[key] for model in models if key in model.model_fields]
        # No field: a name from the log (an activity), or a choice's branch.
        if fields:
            models = [model for field in fields for model in _models_in(field.annotation)]
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]
