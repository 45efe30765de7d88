"""What one field of a payload may hold: the vocabulary of `streams.wire.payloads`.

Each `Kind` says the same thing twice. `strict` is a type for msgspec that lets through
exactly the values nothing has to be done about: the fast way, in C. `read` is the
careful way: it accepts those unchanged, mends what can be mended (and flags it), and
refuses the rest with a reason. A property test holds the two together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, UnsetType, defstruct

from streams.core.events import OTHER
from streams.wire.reasons import MAX_ITEMS, MAX_TEXT, Flag, Reason, Refusal, missing

Flags = set[str]
"""Collects what was mended while a message is read."""

MAX_EXACT: Final = 2**53
"""Beyond this a double no longer tells neighbouring integers apart."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one field is read."""

    strict: Any
    read: Callable[[Any, Flags], Any]
    clearable: bool = False
    """Whether `null` is a value of its own (cleared) instead of meaning absent."""


def _bounded(strict: Any, bounds: Meta) -> Any:
    annotated: Any = Annotated  # built at run time, so no type a checker could follow
    return annotated[strict, bounds]


def cleared_by_null(kind: Kind) -> Kind:
    """The same kind, where `null` is kept and means: no longer set."""
    return replace(kind, strict=kind.strict | None, clearable=True)


def text(*, least: int = 0, most: int = MAX_TEXT) -> Kind:
    """A string of `least` to `most` characters; an integer is read as its digits."""

    def read(value: Any, flags: Flags) -> str:
        if type(value) is int:
            flags.add(Flag.NORMALISED)
            value = str(value)
        elif type(value) is float and abs(value) >= 2**63:
            # An integer too long for the parser: its digits are already lost.
            raise Refusal(Reason.NUMBER)
        if type(value) is not str:
            raise Refusal(Reason.TYPE)
        if not least <= len(value) <= most:
            raise Refusal(Reason.VALUE)
        return value

    return Kind(_bounded(str, Meta(min_length=least, max_length=most)), read)


def one_of(names: Iterable[str]) -> Kind:
    """A closed list; any other string becomes `other`, so that no new label appears."""
    known = frozenset(names)

    def read(value: Any, flags: Flags) -> str:
        if type(value) is not str:
            raise Refusal(Reason.TYPE)
        if value in known:
            return value
        flags.add(Flag.UNKNOWN_ENUM)
        return OTHER

    return Kind(Literal[tuple(sorted(known))], read)


def number(*, least: int = -MAX_EXACT, most: int = MAX_EXACT) -> Kind:
    """A number of `least` to `most`; a whole one becomes an integer, so that 5.0 is 5."""

    def read(value: Any, _: Flags) -> int | float:
        if type(value) is not int and type(value) is not float:
            raise Refusal(Reason.TYPE)
        if abs(value) > MAX_EXACT:
            raise Refusal(Reason.NUMBER)
        if not least <= value <= most:
            raise Refusal(Reason.VALUE)
        return int(value) if value == int(value) else value

    return Kind(_bounded(int, Meta(ge=least, le=most)), read)


def _boolean(value: Any, _: Flags) -> bool:
    if type(value) is not bool:
        raise Refusal(Reason.TYPE)
    return value


BOOLEAN: Final = Kind(bool, _boolean)


def list_of(kind: Kind) -> Kind:
    """A list of at most `MAX_ITEMS`."""

    def read(value: Any, flags: Flags) -> list[Any]:
        if type(value) is not list:
            raise Refusal(Reason.TYPE)
        if len(value) > MAX_ITEMS:
            raise Refusal(Reason.VALUE)
        return [kind.read(item, flags) for item in value]

    return Kind(_bounded(GenericAlias(list, kind.strict), Meta(max_length=MAX_ITEMS)), read)


def map_of(kind: Kind) -> Kind:
    """An object whose keys the source chooses, at most `MAX_ITEMS` of them."""
    name = text()

    def read(value: Any, flags: Flags) -> dict[str, Any]:
        entries = members(value).items()
        return {name.read(key, flags): kind.read(entry, flags) for key, entry in entries}

    entry = GenericAlias(dict, (name.strict, kind.strict))
    return Kind(_bounded(entry, Meta(max_length=MAX_ITEMS)), read)


def texts_by_name(known: Iterable[str]) -> Kind:
    """An object of texts under names the source chooses; null clears one.

    A value of another type is refused under a `known` name, and else left out and flagged.
    """
    expected = frozenset(known)
    name, value_of = text(), text()

    def read(value: Any, flags: Flags) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, item in members(value).items():
            if item is None or type(item) in {str, int, float} or key in expected:
                read_key = name.read(key, flags)
                fields[read_key] = None if item is None else value_of.read(item, flags)
            else:
                flags.add(Flag.UNKNOWN_ATTRIBUTE)
        return fields

    entry = GenericAlias(dict, (name.strict, value_of.strict | None))
    return Kind(_bounded(entry, Meta(max_length=MAX_ITEMS)), read)


def count_or(names: Kind) -> Kind:
    """Either a number from 0 on, or a list."""
    count = number(least=0)

    def read(value: Any, flags: Flags) -> Any:
        return (names if type(value) is list else count).read(value, flags)

    return Kind(count.strict | names.strict, read)


def members(value: Any) -> dict[str, Any]:
    """The value, if it is an object of a bearable size."""
    if type(value) is not dict:
        raise Refusal(Reason.TYPE)
    if len(value) > MAX_ITEMS:
        raise Refusal(Reason.DEPTH)
    return value


def record(path: str, required: Mapping[str, Kind], optional: Mapping[str, Kind]) -> Kind:
    """An object with fields of its own; others are left out and flagged.

    `path` is where it stands in `data` (empty: it is `data`), to name a missing field.
    All required fields are looked for before any field is read.
    """
    kinds = {**required, **optional}
    paths = {name: f"{path}.{name}" if path else name for name in required}

    def read(value: Any, flags: Flags) -> dict[str, Any]:
        given = members(value)
        for name, where in paths.items():
            if given.get(name) is None:
                raise missing(where)
        fields = {}
        for name, item in given.items():
            kind = kinds.get(name)
            if kind is None:
                flags.add(Flag.UNKNOWN_ATTRIBUTE)
            elif item is not None or kind.clearable:
                fields[name] = kind.read(item, flags) if item is not None else None
        return fields

    return Kind(_strict_record(path or "data", required, optional), read)


def _strict_record(name: str, required: Mapping[str, Kind], optional: Mapping[str, Kind]) -> Any:
    fields: list[Any] = [(field, kind.strict) for field, kind in required.items()]
    fields += [(field, kind.strict | UnsetType, UNSET) for field, kind in optional.items()]
    return defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, gc=False)
