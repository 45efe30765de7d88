"""JSON in and out: the one place that knows which JSON library is used."""

from typing import Any

import orjson


def loads(raw: bytes | str) -> Any:
    """Parse strict JSON; raises `ValueError` for anything else, also NaN and Infinity."""
    return orjson.loads(raw)


def dumps(value: object) -> bytes:
    """Compact JSON, keys in the order given."""
    return orjson.dumps(value)


def canonical(value: object) -> bytes:
    """Compact JSON with sorted keys: equal content gives equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def pretty(value: object) -> bytes:
    """Indented JSON with a final newline, for files a person opens."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
