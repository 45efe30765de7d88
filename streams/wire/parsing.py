"""Bytes to JSON values, or the exact reason why not.

The parser itself is strict (`streams.wire.codec`). Only when it refuses does this
module look again, slowly, to say what is wrong.
"""

import json
import re
from itertools import accumulate
from math import isinf
from typing import Any, Final

from streams.wire.codec import loads
from streams.wire.reasons import MAX_DEPTH, MAX_VALUE_BYTES, Reason, Refusal

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
# Opening brackets become 2, closing ones 0: one less is the step in depth.
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x02\x02\x00\x00")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[{]}"))


def parse(value: bytes) -> Any:
    """The JSON value of a message; raises `Refusal` with the reason it cannot be read."""
    if len(value) > MAX_VALUE_BYTES:
        raise Refusal(Reason.OVERSIZE)
    try:
        document = loads(value)
    except ValueError:
        raise Refusal(_why_not(value)) from None
    if too_deep(value):
        raise Refusal(Reason.DEPTH)
    return document


def too_deep(value: bytes) -> bool:
    """Whether brackets outside strings nest beyond `MAX_DEPTH`; linear in the length."""
    if value.count(b"{") + value.count(b"[") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", value).translate(_STEPS, _NOT_BRACKETS)
    return any(depth > MAX_DEPTH for depth in accumulate(step - 1 for step in brackets))


def repeats_a_key(value: bytes, document: Any) -> bool:
    """Whether an object in a parsed value had one key twice: then less is left than was written.

    `document` is what `parse` made of the value; its levels are few enough to follow.
    """
    return sum(1 for _ in _STRING.finditer(value)) > strings_in(document)


def strings_in(document: Any) -> int:
    """How many strings a JSON value is written with, those that are keys included."""
    if type(document) is str:
        return 1
    if type(document) is dict:
        return len(document) + sum(map(strings_in, document.values()))
    return sum(map(strings_in, document)) if type(document) is list else 0


def _why_not(value: bytes) -> Reason:
    """What the strict parser found in a value it refused."""
    if not value.strip():
        return Reason.EMPTY
    if not _is_clean_utf8(value):
        return Reason.ENCODING
    if too_deep(value):
        return Reason.DEPTH
    try:
        json.loads(
            value, parse_constant=_finite, parse_float=_finite, parse_int=_finite, strict=True
        )
    except Refusal as refusal:
        return Reason(refusal.reason)
    except ValueError:
        return Reason.JSON
    # All that the lenient parser lets pass beyond this point is half a surrogate pair.
    return Reason.ENCODING


def _is_clean_utf8(value: bytes) -> bool:
    # UTF-16 and UTF-32 of any JSON have a zero byte among the first four.
    if b"\x00" in value[:4] or value.startswith(b"\xef\xbb\xbf"):
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _finite(digits: str) -> float:
    # "NaN" and "Infinity" arrive here too: neither is JSON, both are numbers to their sender.
    number = float(digits)
    if isinf(number) or number != number:  # noqa: PLR0124 - NaN differs from itself
        raise Refusal(Reason.NUMBER)
    return number
