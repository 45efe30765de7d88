"""From a folder to a `Config`, or to everything that is wrong with it, in one go.

The files are one document cut into pieces: the data of all are laid together, validated
against the model once, and checked for contradictions once. A key stands in one file only.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path as FilesystemPath
from typing import Any, Final

from pydantic import ValidationError

from streams.config import environment
from streams.config.document import Document, parse
from streams.config.model import HOMES, Config, home
from streams.config.problems import ConfigError, Path, Problem, listed, message, path_text
from streams.config.rules import contradictions
from streams.config.schema import adapter, suggestion

FILES: Final = ("deskpulse.yml", *HOMES)
"""The files a folder may hold, each of them optional."""

OVERRIDES: Final = {
    "DESKPULSE_BOOTSTRAP": ("kafka", "bootstrap"),
    "DESKPULSE_SECURITY": ("kafka", "security"),
    "DESKPULSE_INSTANCE": ("kafka", "instance"),
    "DESKPULSE_METRICS_BIND": ("metrics", "bind"),
    "DESKPULSE_ALERTMANAGERS": ("notify", "alertmanagers"),
}
"""Environment variables that replace a key, so one folder serves a laptop and a container."""


@dataclass(slots=True)
class _Tree:
    """The data of all files, and where each key came from."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, tuple[str, int | None]] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        self.data.update(document.data)
        self.places.update({path: (document.file, line) for path, line in document.lines.items()})

    def problem(self, text: str, path: Path, *others: Path) -> Problem:
        """A problem at the first of the paths that was written, else at the nearest section."""
        parents = (path[:length] for length in range(len(path) - 1, 0, -1))
        written = (each for each in (path, *others, *parents) if each in self.places)
        file, line = self.places.get(next(written, ()), (FILES[0], None))
        return Problem(file, line, path_text(path), text)


def load(folder: FilesystemPath | None) -> Config:
    """The configuration in a folder; raises `ConfigError` with all mistakes at once.

    An empty folder, and none at all, give the defaults; a missing one is a mistake. Secrets
    are not read here, so a folder can be checked, and a file replayed, where none are at hand.
    """
    documents = () if folder is None else tuple(_documents(folder))
    problems = [problem for document in documents for problem in document.problems]
    tree = _Tree()
    for document in documents:
        tree.add(document)
    _override(tree)
    config, refused = _validate(tree, folder or FilesystemPath())
    problems += refused
    if config is None or problems:
        raise ConfigError(tuple(sorted(problems, key=lambda p: (p.file, p.line or 0))))
    return config


def _documents(folder: FilesystemPath) -> Iterator[Document]:
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        yield _unusable(str(folder), "no such folder, expected one that holds deskpulse.yml")
        return
    except OSError as error:
        yield _unusable(str(folder), f"{error.strerror}, expected a folder")
        return
    for name in names:
        if name.startswith(".") or not name.lower().endswith((".yml", ".yaml")):
            continue
        if name in FILES:
            yield _at_home(_read(folder / name))
        else:
            yield _unusable(name, f"unknown file, expected {listed(FILES)}")


def _read(path: FilesystemPath) -> Document:
    try:
        return parse(path.name, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return _unusable(path.name, "not UTF-8, save the file with that encoding")
    except OSError as error:
        return _unusable(path.name, f"{error.strerror}, expected a file that can be read")


def _at_home(document: Document) -> Document:
    """The document without the keys that belong in another file, which are mistakes."""
    for key in list(document.data):
        if key in Config.__dataclass_fields__ and home(key) != document.file:
            document.refuse(document.lines[key,], (key,), f"stands in {home(key)}, move it there")
            del document.data[key]
    return document


def _unusable(file: str, reason: str) -> Document:
    document = Document(file)
    document.refuse(None, (), reason)
    return document


def _override(tree: _Tree) -> None:
    for variable, (section, key) in OVERRIDES.items():
        value = environment.variable(variable)
        keys = tree.data.setdefault(section, {}) if value else None
        if isinstance(keys, dict):
            keys[key] = value
            tree.places[section, key] = (variable, None)


def _validate(tree: _Tree, folder: FilesystemPath) -> tuple[Config | None, list[Problem]]:
    """Values first, then contradictions among those values that are valid themselves."""
    try:
        config = _built(tree.data, folder)
    except ValidationError as error:
        mistakes = {_path(each["loc"]): each for each in error.errors(include_url=False)}
    else:
        return config, [tree.problem(text, *reads) for reads, text in contradictions(config)]
    problems = [
        tree.problem(
            f"unknown key, {suggestion(path)}"
            if each["type"] == "unexpected_keyword_argument"
            else message(each),
            path,
        )
        for path, each in mistakes.items()
    ]
    rest = _built(_without(tree.data, set(mistakes)), folder)
    problems += [
        tree.problem(text, *reads)
        for reads, text in contradictions(rest)
        if not any(_touch(path, mistakes) for path in reads)
    ]
    return None, problems


def _built(data: dict[str, Any], folder: FilesystemPath) -> Config:
    # By way of JSON, because only there does strict validation take text for an enumeration
    # and a list for a tuple, and still no "5" for a number.
    return adapter().validate_json(json.dumps(data), context={"folder": folder})


def _path(loc: Path) -> Path:
    """Pydantic's location without its own remarks, `[key]` and the like."""
    return tuple(takewhile(lambda part: part != "[key]", loc))


def _touch(path: Path, mistakes: Iterable[Path]) -> bool:
    """Whether something was refused at a path, within it, or around it."""
    return any(path[: len(bad)] == bad[: len(path)] for bad in mistakes)


def _without(data: dict[str, Any], bad: set[Path], at: Path = ()) -> dict[str, Any]:
    """The data without what was refused; a list with a bad entry goes as a whole."""
    kept = {}
    for key, value in data.items():
        here = (*at, key)
        inside = any(path[: len(here)] == here for path in bad)
        if here in bad or (inside and not isinstance(value, dict)):
            continue
        kept[key] = _without(value, bad, here) if inside else value
    return kept
