"""Text of a log becomes an instant in UTC, or is refused with what is wrong."""

import pytest

from streams.importers.instants import instant_reader


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-03-01", "2021-03-01T00:00:00Z"),
        ("2021-03-01 09:30", "2021-03-01T09:30:00Z"),
        ("2021-03-01T09:30:00+02:00", "2021-03-01T07:30:00Z"),
        ("2021-03-01T09:30:00.999999999Z", "2021-03-01T09:30:00.999Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
    ],
)
def test_iso_readings_become_utc_with_digits_beyond_the_millisecond_cut_off(
    text: str, instant: str
) -> None:
    assert instant_reader("iso", "UTC")(text) == instant


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2021-07-01 12:00", "2021-07-01T10:00:00Z"),
        # The clock goes back at 03:00: 02:30 occurs twice, the first one counts.
        ("2021-10-31 02:30", "2021-10-31T00:30:00Z"),
        # The clock goes forward at 02:00: 02:30 does not exist, the offset before counts.
        ("2021-03-28 02:30", "2021-03-28T01:30:00Z"),
        # An offset of its own goes before the zone.
        ("2021-07-01 12:00Z", "2021-07-01T12:00:00Z"),
    ],
)
def test_a_reading_without_an_offset_is_local_time(local: str, instant: str) -> None:
    assert instant_reader("iso", "Europe/Rome")(local) == instant


def test_another_format_reads_days_without_a_leading_zero() -> None:
    read = instant_reader("%d/%m/%Y %H:%M", "UTC")
    assert read("3/12/2016 07:05") == "2016-12-03T07:05:00Z"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1999-12-31T23:59:59.999Z", "before 2000"),
        ("9999-12-31T23:59:59-01:00", "outside the years"),
        ("2021-02-30", "day"),
        ("soon", "soon"),
    ],
)
def test_what_is_no_usable_instant_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        instant_reader("iso", "UTC")(text)
