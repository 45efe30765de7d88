"""Instants: epoch milliseconds to RFC 3339 text and back.

An instant is an integer, UTC, so that equal instants are equal numbers and nothing
depends on the zone of a machine. Text appears only at the edges.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
"""Durations in milliseconds; a day is 24 hours."""

# What most texts are made of, in milliseconds; everything else is read digit by digit.
_days: Final[dict[str, int]] = {}
_MAX_DAYS: Final = 10_000
_MINUTES: Final = {
    f"{hour:02}:{minute:02}:": hour * HOUR + minute * MINUTE
    for hour in range(24)
    for minute in range(60)
}
_CLOCK: Final = tuple(_MINUTES)
_dates: Final[dict[int, str]] = {}
_SECONDS: Final = {f"{second:02}": second * 1000 for second in range(60)}
_TAILS: Final = {"Z": 0} | {f".{ms:03}Z": ms for ms in range(1000)}

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: zones are added by hand

_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def is_leap_second(text: str) -> bool:
    """Whether an RFC 3339 text names second 60, which no epoch counts."""
    return text[17:19] == "60"


def parse_rfc3339(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 date-time with a zone.

    Digits beyond the millisecond are cut off, never rounded, so an event cannot move
    into the next window. A leap second (`:60`) is the last millisecond of its minute.
    Raises `ValueError` for everything else: no zone, a date that does not exist,
    hour 24, an offset beyond 23:59.
    """
    date, minute = _days.get(text[:11]), _MINUTES.get(text[11:17])
    second, tail = _SECONDS.get(text[17:19]), _TAILS.get(text[19:])
    if date is not None and minute is not None and second is not None and tail is not None:
        return date + minute + second + tail
    at_ms = _parse(text)
    if date is None and minute is not None and len(_days) < _MAX_DAYS:
        _days[text[:11]] = _parse(f"{text[:11]}00:00:00Z")
    return at_ms


def _parse(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 date-time with a zone: {text[:40]!r}")
    fraction, sign, hours, minutes = match.groups()
    leap = is_leap_second(text)
    since = datetime.fromisoformat(f"{text[:17]}59" if leap else text[:19]) - _EPOCH
    at_ms = since.days * 86_400_000 + since.seconds * 1000
    if leap:
        at_ms += 999
    elif fraction is not None:
        at_ms += int(fraction[:3].ljust(3, "0"))
    if sign is None:
        return at_ms
    return at_ms - _offset_ms(sign, int(hours), int(minutes))


def _offset_ms(sign: str, hours: int, minutes: int) -> int:
    if hours > 23 or minutes > 59:
        raise ValueError(f"no such offset: {sign}{hours:02}:{minutes:02}")
    size_ms = (hours * 60 + minutes) * 60_000
    return -size_ms if sign == "-" else size_ms


def format_rfc3339(at_ms: int) -> str:
    """RFC 3339 text in UTC (`Z`), with milliseconds only where there are any.

    Raises `OverflowError` outside the years 1 to 9999.
    """
    day, rest = divmod(at_ms, DAY)
    minute, rest = divmod(rest, MINUTE)
    second, ms = divmod(rest, 1000)
    date = _dates.get(day)
    if date is None:
        if len(_dates) >= _MAX_DAYS:
            _dates.clear()
        date = _dates[day] = f"{(_EPOCH + timedelta(days=day)).date().isoformat()}T"
    fraction = f".{ms:03}" if ms else ""
    return f"{date}{_CLOCK[minute]}{second:02}{fraction}Z"


class Days:
    """Local days of instants, as ordinals of `datetime.date`."""

    __slots__ = ("_known", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._known: dict[int, int] = {}

    def of(self, at: int) -> int:
        """The local day of an instant (epoch milliseconds)."""
        # No zone changes its offset within a quarter of an hour.
        quarter = at // _QUARTER
        day = self._known.get(quarter)
        if day is None:
            local = datetime.fromtimestamp(quarter * _QUARTER / 1000, UTC).astimezone(self._zone)
            day = self._known[quarter] = local.toordinal()
        return day


_QUARTER: Final = 15 * MINUTE


@cache
def days_of(zone: tzinfo) -> Days:
    """The local days of a zone; the same object every time."""
    return Days(zone)


def local_day(at: int, zone: tzinfo) -> int:
    """The local day of an instant, as an ordinal of `datetime.date`."""
    return days_of(zone).of(at)
