"""Messages nobody thought of: what valid and invalid ones become when they are damaged."""

import json
import re
from typing import Any, Final

from hypothesis import strategies as st

from tests.contract.schema_files import examples
from tests.unit.wire.samples import PAYLOADS, event, nearly_valid

SEEDS: Final = sorted(
    {json.dumps(event(name), ensure_ascii=False).encode() for name in PAYLOADS}
    | {
        one.value
        for folder in ("valid", "invalid")
        for one in examples(folder)
        if one.value is not None and len(one.value) < 3_000
    }
)
"""What is damaged: every example, and a clean event of each type."""

VALUE_TOKENS: Final = (
    *(b"null", b"true", b"{}", b"[]", b'""', b"0", b"-0", b"-1", b"1.5", b"1e3", b"1e-400"),
    *(b"9" * 19, b"9" * 30, b"-9223372036854775809", b"9007199254740993", b"1E+308", b"0.1e1"),
    *(b'"x"', b'"\\u0000"', b'"\\u0069d"', b'"\\"id\\":"', b'"' + b"x" * 129 + b'"'),
    *(b'"' + b"x" * 16_385 + b'"', '"\u202e"'.encode(), '"😀"'.encode(), b'"\\ud83d\\ude00"'),
    *(b"[" * 31 + b"]" * 31, b'{"a":[' * 17 + b"1" + b"]}" * 17, b'[{"a":1,"a":1}]'),
    *(b'"2026-02-30T00:00:00Z"', b'"2016-12-31T23:59:60Z"', b'"2026-03-02T09:00:00+24:00"'),
    *(b'"9999-12-31T23:59:59-23:59"', b'"0000-01-01T00:00:00Z"', b'"2026-03-02T09:00:00.1234Z"'),
    *(b'"1.0"', b'"urn:deskpulse:event:1.5"', b'"urn:deskpulse:event:2"', b'"-0"', b'"007"'),
    *(b'"other"', b'"unheard of"', b'"T-1"', b'"ticket.merged"', b'"ticket.viewed"', b'"agent"'),
)
"""What is put in the place of a value, and leaves JSON."""

TOKENS: Final = (
    *(b"NaN", b"-Infinity", b"1e400", b"9" * 5_000, b"00", b"+1", b"0x1", b"1_000"),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b" ", b"\x00", b"\xff", b"\xc3"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\xbd", b'"\\ud83d"', b'"\\ude00\\ud83d"', b'"\\x"'),
    *(b"[" * 33, b"[" * 1_100, b'{"a":' * 40),
)
"""What is put anywhere, and mostly leaves none."""

_VALUE: Final = re.compile(rb'(?<=:)\s*("(?:[^"\\]|\\.)*"|-?[0-9.eE+]+|true|false|null)')
_KEY: Final = re.compile(rb'"(?:[^"\\]|\\.)*"(?=\s*:)')
_OPEN: Final = re.compile(rb"\{(?=\s*\")")

_values = st.sampled_from(VALUE_TOKENS)
_anything = st.sampled_from((*TOKENS, *VALUE_TOKENS)) | st.binary(max_size=3)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A seed after one to four changes; most of the time such as leave it JSON."""
    value = draw(st.sampled_from(SEEDS))
    changed = draw(st.sampled_from((_reworded, _reworded, _garbled)))
    for _ in range(draw(st.integers(1, 4))):
        value = draw(changed(value))
    return value


def _garbled(value: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that are gone, there twice, from elsewhere, or others."""
    places = st.integers(0, len(value))
    spans = st.tuples(places, places).map(sorted)
    return st.one_of(
        st.builds(lambda at, token: value[:at] + token + value[at:], places, _anything),
        spans.map(lambda span: value[: span[0]] + value[span[1] :]),
        spans.map(lambda span: value[: span[1]] + value[span[0] :]),
        st.builds(lambda at, other: value[:at] + other[at:], places, st.sampled_from(SEEDS)),
    )


def _reworded(value: bytes) -> st.SearchStrategy[bytes]:
    """Another value, another name, or a member more, whose name may be there already."""
    values = [match.span(1) for match in _VALUE.finditer(value)]
    keys = [match.span() for match in _KEY.finditer(value)]
    opened = [match.end() for match in _OPEN.finditer(value)]
    if not (values and keys and opened):
        return _garbled(value)
    taken = st.sampled_from([value[slice(*span)] for span in values]) | _values
    names = st.sampled_from([value[slice(*span)] for span in keys])

    def replaced(span: tuple[int, int], by: bytes) -> bytes:
        return value[: span[0]] + by + value[span[1] :]

    def added(at: int, name: bytes, item: bytes) -> bytes:
        return value[:at] + name + b":" + item + b"," + value[at:]

    return st.one_of(
        st.builds(replaced, st.sampled_from(values), taken),
        st.builds(replaced, st.sampled_from(keys), names | st.just(b'"extra"')),
        st.builds(added, st.sampled_from(opened), names, taken),
    )


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)

VALUES: Final = (
    damaged()
    | st.none()
    | st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | nearly_valid().map(lambda value: json.dumps(value).encode())
)
"""A Kafka value, sensible or not."""

KEYS: Final = (
    st.just(b"T-1") | st.none() | st.sampled_from((b"T-1001", b"")) | st.binary(max_size=4)
)

Header = tuple[str, bytes | None]

_NAMES: Final = st.sampled_from(
    ("content-type", "Content-Type", "ce_", "ce_id", "ce_data", "x", "ce_ü", "tr\udcffce")
)
_CONTENTS: Final = st.sampled_from(
    (None, b"", b"1.0", b"ticket.updated", b"T-1", b"application/cloudevents+json", b"\xff")
)
_ODD: Final = st.lists(
    st.tuples(_NAMES | st.text(max_size=5), _CONTENTS | st.binary(max_size=5)), max_size=4
)


@st.composite
def headers(draw: st.DrawFn) -> list[Header]:
    """Any headers; often those of an event in binary mode, perhaps without one of them."""
    made: list[Header] = list(draw(_ODD))
    if draw(st.booleans()):
        attributes: dict[str, Any] = event(draw(st.sampled_from(sorted(PAYLOADS))))
        del attributes["data"]
        made += [(f"ce_{name}", str(item).encode()) for name, item in attributes.items()]
        if draw(st.booleans()):
            del made[draw(st.integers(0, len(made) - 1))]
    return made
