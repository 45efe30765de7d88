"""One cell as a value of the contract: value maps, closed lists, tags."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeVar

from streams.core.events import ENUM_ATTRIBUTES, OTHER, ROLES
from streams.importers.mapping import VISIBILITIES, Attributes, Cell, Reply, Tags

T = TypeVar("T")

CLOSED: Final[Mapping[str, frozenset[str]]] = {
    **ENUM_ATTRIBUTES,
    "role": ROLES,
    "visibility": VISIBILITIES,
}
"""Values that come from a closed list, and the list."""

FOLDED: Final = frozenset({*CLOSED, "channel"})
"""Values written in lower case with `_` for blanks: `On Hold` is `on_hold`."""


class Lookup(Generic[T]):
    """The keys of a mapping: an exact one, else the first that matches with its `*`."""

    def __init__(self, values: Mapping[str, T]) -> None:
        self._values = values
        self._patterns = [
            (re.compile(".*".join(map(re.escape, key.split("*"))), re.DOTALL), value)
            for key, value in values.items()
            if "*" in key
        ]

    def find(self, text: str) -> T | None:
        """The value for this text; `None` if no key matches."""
        if text in self._values:
            return self._values[text]
        return next((value for key, value in self._patterns if key.fullmatch(text)), None)


class Columns:
    """The columns that a mapping reads, in the order in which it first names them."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def place(self, name: str) -> int:
        """Where this column stands in a row's cells."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def place_if(self, name: str | None) -> int | None:
        """The same for a column that the mapping may not have."""
        return None if name is None else self.place(name)


class Reader(NamedTuple):
    """How one value is made."""

    name: str
    place: int | None
    """The cell it is read from; `None` for a constant."""
    convert: Callable[[str], Any]
    """From a cell that is not missing; a constant ignores its argument."""


def readers(
    part: Attributes | Reply, names: Mapping[str, Any], columns: Columns
) -> tuple[Reader, ...]:
    """One reader for each of these fields that is given, in the order of the model."""
    given = ((name, getattr(part, name)) for name in names)
    return tuple(_reader(name, value, columns) for name, value in given if value is not None)


def _reader(name: str, value: str | Cell[str] | Tags, columns: Columns) -> Reader:
    match value:
        case Tags():
            return Reader(name, columns.place(value.column), _splitter(value.split))
        case Cell():
            return Reader(name, columns.place(value.column), _converter(name, value))
        case constant:
            return Reader(name, None, lambda _: constant)


def _splitter(split: str) -> Callable[[str], list[str]]:
    return lambda text: [tag.strip() for tag in text.split(split) if tag.strip()]


def _converter(name: str, cell: Cell[str]) -> Callable[[str], str]:
    """By the value map, else its default, else as given.

    As given means folded where `FOLDED` has the name, and `other` where a closed list
    does not have the value.
    """
    lookup = Lookup(cell.values)
    closed = CLOSED.get(name)

    # A column has few different values; a requester's, which are many, cost no lookup.
    @lru_cache(maxsize=4_096)
    def convert(text: str) -> str:
        value = lookup.find(text) or cell.default
        if value is None:
            value = "_".join(text.lower().split()) if name in FOLDED else text
            if closed and value not in closed:
                return OTHER
        return value

    return convert
