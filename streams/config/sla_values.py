"""How the values of sla.yml are written: amounts of open time, warn levels, hours, names.

Each keeps what the file says; `streams.config.promises` turns it into milliseconds, since
`2bd` or the midnight of a date mean nothing without a calendar.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, PlainSerializer

from streams.config.problems import refuse
from streams.config.values import DAYS, PERCENT, matched
from streams.core.calendars import Hours, Interval
from streams.core.instants import HOUR, MINUTE, parse_rfc3339

_DAY: Final = "|".join(DAYS)
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_AMOUNT: Final = "(0*[1-9][0-9]{0,8})(s|m|h|d|bh|bd)"
_UNITS: Final = {"s": 1_000, "m": MINUTE, "h": HOUR, "bh": HOUR}


# -- amounts of open time -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amount:
    """So much open time of a calendar, as it is written."""

    text: str
    number: int
    days: bool
    """Of days; else `number` is milliseconds."""
    bare: bool = False
    """`1d`, which only a calendar that is always open can tell from `1bd`."""

    def __str__(self) -> str:
        return self.text


def _amount(match: re.Match[str]) -> Amount:
    number, unit = int(match[1]), match[2]
    if unit in ("d", "bd"):
        return Amount(match[0], number, days=True, bare=unit == "d")
    return Amount(match[0], number * _UNITS[unit], days=False)


AMOUNT: Final = "a duration such as 15m, 4h, 8bh or 2bd, longer than 0"
OpenTime = Annotated[Amount, matched(_AMOUNT, AMOUNT, _amount), PlainSerializer(str)]


def open_time(text: str) -> Amount:
    """An amount from its text; raises `ValueError` naming what was expected."""
    match = re.fullmatch(_AMOUNT, text)
    if match is None:
        raise ValueError(AMOUNT)
    return _amount(match)


@dataclass(frozen=True, slots=True)
class Level:
    """When to warn: at a share of the target, or with so much time left."""

    text: str
    used: Fraction | None = None
    left: Amount | None = None
    place: int = field(default=0, compare=False)
    """In the list it is written in."""

    @property
    def threshold(self) -> tuple[Fraction | None, tuple[int, bool, bool] | None]:
        """What it says however it is written: 15m is 900s."""
        left = self.left
        return self.used, None if left is None else (left.number, left.days, left.bare)

    def __str__(self) -> str:
        return self.text


def _level(match: re.Match[str]) -> Level:
    if match[1] is None:
        return Level(match[0], left=open_time(match[0]))
    used = Fraction(match[1]) / 100
    if not 0 < used <= 1:
        raise ValueError("more than 0% and at most 100%")
    return Level(match[0], used=used)


def each_once(levels: Iterable[Level]) -> tuple[Level, ...]:
    """Without those that say again what an earlier one says."""
    found: dict[object, Level] = {}
    for place, level in enumerate(levels):
        found.setdefault(level.threshold, replace(level, place=place))
    return tuple(found.values())


WarnLevel = Annotated[
    Level,
    matched(f"{PERCENT}|{_AMOUNT}", "a share such as 50%, or a time left such as 5m", _level),
    PlainSerializer(str),
]


# -- hours --------------------------------------------------------------------------------


DayRange = Annotated[
    str,
    matched(f"({_DAY})(-({_DAY}))?", "a day such as mon, or days such as mon-thu", re.Match.group),
]


def weekdays(days: str) -> tuple[int, ...]:
    """The weekdays of `mon-thu`, from Monday as 0; `fri-mon` runs over the weekend."""
    first, _, last = days.partition("-")
    start = DAYS.index(first)
    count = (DAYS.index(last or first) - start) % 7 + 1
    return tuple((start + step) % 7 for step in range(count))


@dataclass(frozen=True, slots=True)
class Opening:
    """`08:00-12:00`: open from one local time of the clock until just before another one."""

    text: str
    interval: Interval
    """Milliseconds after midnight; a shift that crosses midnight ends past 24 h."""

    def __str__(self) -> str:
        return self.text


def _opening(match: re.Match[str]) -> Opening:
    start, end = (_after_midnight(text) for text in match[0].split("-"))
    if start == end:
        raise ValueError("an end that differs from the start")
    return Opening(match[0], (start, end if start < end else end + 24 * HOUR))


def _after_midnight(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def _apart(openings: tuple[Opening, ...]) -> tuple[Opening, ...]:
    ordered = sorted(openings, key=lambda opening: opening.interval)
    for first, second in pairwise(ordered):
        if second.interval[0] < first.interval[1]:
            refuse(f"{first} and {second} overlap, expected hours apart")
    return tuple(ordered)


DayHours = Annotated[
    tuple[
        Annotated[
            Opening,
            matched(f"{_CLOCK}-(?:{_CLOCK}|24:00)", 'hours such as "08:00-12:00"', _opening),
            PlainSerializer(str),
        ],
        ...,
    ],
    AfterValidator(_apart),
]


def hours_of(openings: tuple[Opening, ...]) -> Hours:
    """The intervals alone."""
    return tuple(opening.interval for opening in openings)


# -- dates --------------------------------------------------------------------------------


def _date(match: re.Match[str]) -> date:
    try:
        return date.fromisoformat(match[0])
    except ValueError:
        raise ValueError("a date that exists") from None


Day = Annotated[
    date,
    matched("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-12-24", _date),
    PlainSerializer(date.isoformat),
]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where something takes effect: an instant, or the local midnight that begins a date."""

    text: str
    at: int | date

    def __str__(self) -> str:
        return self.text

    def instant(self, zone: tzinfo) -> int:
        """Epoch milliseconds; where the clock skips that midnight, the first instant after it."""
        if isinstance(self.at, int):
            return self.at
        midnight = datetime(self.at.year, self.at.month, self.at.day, tzinfo=zone)
        return int(midnight.timestamp()) * 1000


_BEGINNING: Final = "a date such as 2026-07-01, or an instant such as 2026-07-01T06:00:00Z"


def _beginning(match: re.Match[str]) -> Beginning:
    text = match[0]
    try:
        is_date = len(text) == len("2026-07-01")
        return Beginning(text, date.fromisoformat(text) if is_date else parse_rfc3339(text))
    except ValueError:
        raise ValueError(_BEGINNING) from None


Since = Annotated[
    Beginning,
    matched(
        "[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9:.]{8,}([Zz]|[+-][0-9]{2}:[0-9]{2}))?",
        _BEGINNING,
        _beginning,
    ),
    PlainSerializer(str),
]
