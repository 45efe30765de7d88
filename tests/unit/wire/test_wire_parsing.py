"""Bytes that are no JSON we read, and the one reason each of them has."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.wire.parsing import parse, too_deep
from streams.wire.reasons import MAX_DEPTH, Refusal


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"{", "json"),
        (b'{"a": 1,}', "json"),
        (b"{'a': 1}", "json"),
        (b'{"a": 01}', "json"),
        (b'{"a": 1} {"a": 2}', "json"),
        (b'{"a": "\n"}', "json"),
        (b'{"a": 1}\x00', "json"),
        (b"nan", "json"),
        (b'{"a": NaN}', "number"),
        (b'{"a": -Infinity}', "number"),
        (b'{"a": 1e400}', "number"),
        (b'{"a": ' + b"9" * 400 + b"}", "number"),
        (b'{"a": "NaN", "b": [1e400]}', "number"),
        (b'{"a": "NaN"', "json"),
        (b'"\xff"', "encoding"),
        (b'"\xed\xa0\xbd"', "encoding"),
        (b"\xef\xbb\xbf{}", "encoding"),
        ('{"a": 1}'.encode("utf-16"), "encoding"),
        ('{"a": 1}'.encode("utf-16-be"), "encoding"),
        ('{"a": 1}'.encode("utf-32-le"), "encoding"),
        ('{"a": '.encode("utf-16-le"), "encoding"),
        (b"\xef\xbb\xbf{", "encoding"),
        (b'"\\ud83d"', "encoding"),
        (b'"\\ude00\\ud83d"', "encoding"),
        (b"[" * 33 + b"]" * 33, "depth"),
        (b"[" * 33, "depth"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "depth"),
        (b"[" * 32, "json"),
        (b" " * 1_000_001, "oversize"),
        (b"[" * 1_000_001, "oversize"),
    ],
    ids=lambda v: repr(v[:24]) if isinstance(v, bytes) else v,
)
def test_each_has_one_reason(value: bytes, reason: str) -> None:
    with pytest.raises(Refusal, match=f"^{reason}$"):
        parse(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_everything_else_is_read_as_the_standard_library_reads_it(
    value: Any, ascii_only: bool
) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(JSON, st.integers(0, 40), st.sampled_from(['["[{",%s,"]\\""]', '{"}\\\\":%s,"[":[]}']))
def test_depth_counts_brackets_outside_strings(value: Any, levels: int, wrap: str) -> None:
    text = json.dumps(value)
    for _ in range(levels):
        text = wrap % text
    assert too_deep(text.encode()) == (_depth(json.loads(text)) > MAX_DEPTH)
