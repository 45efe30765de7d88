"""RFC 3339 text and epoch milliseconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.instants import format_rfc3339, is_leap_second, parse_rfc3339

NINE = 1_772_442_000_000
"""2026-03-02T09:00:00Z"""


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00Z",
        "2026-03-02t09:00:00z",
        "2026-03-02T09:00:00.000Z",
        "2026-03-02T09:00:00+00:00",
        "2026-03-02T09:00:00-00:00",
        "2026-03-02T10:00:00+01:00",
        "2026-03-02T14:45:00+05:45",
        "2026-03-01T23:30:00-09:30",
        "2026-03-03T08:59:00+23:59",
    ],
)
def test_one_instant_has_many_spellings(text: str) -> None:
    assert parse_rfc3339(text) == NINE


@pytest.mark.parametrize(
    ("fraction", "expected_ms"),
    [(".5", 500), (".05", 50), (".001", 1), (".0009", 0), (".999999999", 999), (".1239", 123)],
)
def test_digits_beyond_the_millisecond_are_cut_and_never_rounded(
    fraction: str, expected_ms: int
) -> None:
    assert parse_rfc3339(f"2026-03-02T09:00:00{fraction}Z") == NINE + expected_ms


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2017-01-01T00:59:60.7+01:00"])
def test_a_leap_second_is_the_last_millisecond_of_its_minute(text: str) -> None:
    assert is_leap_second(text)
    assert parse_rfc3339(text) == parse_rfc3339("2016-12-31T23:59:59.999Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1772442000",
        "2026-03-02",
        "2026-03-02T09:00Z",
        "2026-03-02T09:00:00",
        "2026-03-02 09:00:00Z",
        "2026-03-02T09:00:00 Z",
        "2026-03-02T09:00:00Z\n",
        "2026-03-02T09:00:00.Z",
        "2026-03-02T09:00:00,5Z",
        "2026-03-02T09:00:00+0100",
        "2026-03-02T09:00:00+01",
        "2026-03-02T09:00:00+24:00",
        "2026-03-02T09:00:00+01:60",
        "2026-03-02T24:00:00Z",
        "2026-03-02T09:60:00Z",
        "2026-03-02T09:00:61Z",
        "2026-02-29T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "0000-01-01T00:00:00Z",
        "12026-03-02T09:00:00Z",
        "2026-3-2T09:00:00Z",
        "٢٠٢٦-03-02T09:00:00Z",
        "2026-W10-1T09:00:00Z",
    ],
)
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (NINE, "2026-03-02T09:00:00Z"),
        (NINE + 1, "2026-03-02T09:00:00.001Z"),
        (NINE + 1000, "2026-03-02T09:00:01Z"),
    ],
)
def test_text_is_utc_and_has_milliseconds_only_where_there_are_any(
    at_ms: int, expected: str
) -> None:
    assert format_rfc3339(at_ms) == expected


def test_an_instant_beyond_the_calendar_has_no_text() -> None:
    with pytest.raises(OverflowError):
        format_rfc3339(10**15)


FIRST = -62_135_596_800_000
LAST = 253_402_300_799_999


@given(st.integers(FIRST, LAST))
def test_text_and_back_is_the_same_instant(at_ms: int) -> None:
    assert parse_rfc3339(format_rfc3339(at_ms)) == at_ms


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
)
def test_it_agrees_with_the_standard_library(local: datetime, offset: int) -> None:
    sign = "-" if offset < 0 else "+"
    text = f"{local.isoformat()}{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    since = local.replace(tzinfo=UTC) - timedelta(minutes=offset) - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_rfc3339(text) == since // timedelta(milliseconds=1)
