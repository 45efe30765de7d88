"""YAML text to plain data, with the line of every key and every mistake found on the way.

Scalars are read as in YAML 1.2's core schema: `18:00`, `no` and `2026-12-24` stay text,
where PyYAML's own rules make them 1080, false and a date. Aliases and tags are refused: a
configuration has nothing to gain from either, and a recursive alias never ends.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.composer import ComposerError

from streams.config.problems import Path, Problem, found_text, path_text

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_TAG: Final = "tag:yaml.org,2002:"
_SCALARS: Final[Mapping[str, tuple[str, str, Callable[[str], object]]]] = {
    "null": ("~|null|", "~n", lambda _: None),
    "bool": ("true|false", "tf", lambda text: text == "true"),
    "int": ("-?(?:0|[1-9][0-9]{0,17})", "-0123456789", int),
    "float": (r"-?[0-9]+\.[0-9]+", "-0123456789", float),
}
"""How a plain scalar is recognised (whole pattern, first characters) and read."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars above and without aliases and tags."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs forgot it
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
            what = "found an alias or a tag, expected the value written out"
            raise ComposerError(None, None, what, event.start_mark)
        if _SURROGATE.search(getattr(event, "value", "")):
            # Neither UTF-8 nor JSON can hold it, so nothing behind this line could.
            what = "found half a surrogate pair, expected a whole character"
            raise ComposerError(None, None, what, event.start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first, _) in _SCALARS.items():
    # An empty scalar has no first character; PyYAML files its resolvers under "".
    _starts = [*_first, ""] if _name == "null" else [*_first]
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _starts)


@dataclass(slots=True)
class Document:
    """One file as plain data; incomplete where `problems` says so."""

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    """The line of each key and list entry, from 1."""
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int | None, path: Path, message: str) -> None:
        """Remember one mistake."""
        self.problems.append(Problem(self.file, line, path_text(path), message))


def parse(file: str, text: str) -> Document:
    """Read one file's text; never raises, every mistake is in `problems`."""
    document = Document(file)
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        # Only the reason: the mark's excerpt of the file might show a secret.
        line = error.problem_mark.line + 1 if error.problem_mark else None
        document.refuse(line, (), error.problem or "not YAML")
    except yaml.reader.ReaderError as error:
        document.refuse(text.count("\n", 0, error.position) + 1, (), error.reason)
    else:
        value = None if node is None else _value(node, (), document)
        if isinstance(value, dict):
            document.data = value
        elif value is not None:
            document.refuse(1, (), f"found {found_text(value)}, expected a map of settings")
    return document


def _value(node: yaml.Node, path: Path, document: Document) -> Any:
    if path:
        document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), document) for index, item in enumerate(node.value)]
    scalar = _SCALARS.get(node.tag.removeprefix(_TAG))
    return node.value if scalar is None else scalar[2](node.value)


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.refuse(line, path, "found a list or a map as a key, expected text")
            continue
        # A key is always text: a queue may be called 70, or true.
        key = key_node.value
        here = (*path, key)
        if key in data:
            first = document.lines[here]
            document.refuse(line, here, f"found a second time, expected once (line {first})")
            continue
        document.lines[here] = line
        data[key] = _value(value_node, here, document)
    return data
