"""Text of a log -> an instant as the contract writes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from streams.core.instants import format_rfc3339
from streams.wire.envelope import EARLIEST_MS

ISO: Final = "iso"
"""The `time_format` that means ISO 8601."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant_reader(time_format: str, timezone: str) -> Callable[[str], str]:
    """Make a function from a cell to an instant in UTC, `2016-02-29T01:16:00Z`.

    Digits beyond the millisecond are cut off. A reading without an offset is local time
    in `timezone`: one that occurs twice (the clock goes back) is the first of the two,
    one that does not exist (the clock goes forward) counts from the offset before.

    The function raises `ValueError` with what is wrong.
    """
    zone = ZoneInfo(timezone)

    # The times of a log repeat: bulk updates, one opening time on all rows of a ticket.
    @lru_cache(maxsize=65_536)
    def read(text: str) -> str:
        if time_format == ISO:
            reading = datetime.fromisoformat(text)
        else:
            # Without %z in the format, which is usual, the zone is given beside it.
            reading = datetime.strptime(text, time_format)  # noqa: DTZ007
        return _rfc3339(reading if reading.tzinfo else reading.replace(tzinfo=zone))

    return read


def _rfc3339(reading: datetime) -> str:
    try:
        at_ms = (reading - _EPOCH) // timedelta(milliseconds=1)
        if at_ms < EARLIEST_MS:
            # A default of the source rather than a fact; the engine would refuse it too.
            raise ValueError("is before 2000")
        return format_rfc3339(at_ms)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999") from None
