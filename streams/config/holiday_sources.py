"""Where holidays come from besides a written date: countries, and files of events.

Both are asked one year at a time and only for years that a calendar needs. A country's dates
are those of the `holidays` library; a file is read once, with the configuration, so that a
broken one is a mistake of the configuration and never one of a running worker. The libraries
are imported only by who names a country or a file: together they take longer than the rest.
"""

# ruff: noqa: PLC0415

import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from math import prod
from typing import Annotated, Any, Final

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from streams.config.problems import found_text, listed, refuse
from streams.config.values import folder_of
from streams.core.calendars import Interval

_COUNTRY: Final = "the ISO 3166 code of a country such as DE, US or FR"
_TRIED: Final = (2000, 2027, 2028)
"""The events of a file are laid out for these years when it is read, to find what is broken."""
_CANCELLED: Final = "CANCELLED"
_TOO_OFTEN: Final = re.compile("FREQ=(SECONDLY|MINUTELY|HOURLY)")
_TIMES: Final = re.compile("BY(?:HOUR|MINUTE|SECOND)=([^;]*)")
_A_DAY: Final = 24
"""How often an event may come back; a rule of minutes is laid out for longer than anyone waits."""


# -- countries ----------------------------------------------------------------------------


def library() -> str:
    """The version of the library: another one may know other dates."""
    return f"holidays {version('holidays')}"


@cache
def _codes() -> dict[str, str]:
    """The code of each country by what people call it, in lower case."""
    from holidays.registry import COUNTRIES

    return {name.lower(): names[1] for names in COUNTRIES.values() for name in names}


def _country(value: object) -> object:
    if not isinstance(value, str) or _codes().get(value.lower()) != value:
        close = get_close_matches(str(value).lower(), _codes(), n=1)
        meant = f"did you mean {_codes()[close[0]]}?" if close else f"expected {_COUNTRY}"
        refuse(f"found {found_text(value)}, {meant}")
    return value


_CODE: Final = WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
Country = Annotated[str, PlainValidator(_country, json_schema_input_type=Annotated[str, _CODE])]


def wrong_subdivision(country: str, subdivision: str) -> str | None:
    """What to say where no such part of a country has holidays of its own."""
    import holidays

    entity = holidays.country_holidays(country)
    parts = entity.subdivisions
    if subdivision in parts:
        return None
    names = {**{part: part for part in parts}, **entity.subdivisions_aliases}
    close = get_close_matches(subdivision, names, n=1)
    meant = f"did you mean {names[close[0]]}?" if close else f"expected {listed(parts or ['none'])}"
    return f"found {found_text(subdivision)}, {meant}"


@cache
def country_dates(country: str, subdivision: str | None, year: int) -> tuple[date, ...]:
    """The public holidays of a year, the days they move to included; none where unknown."""
    import holidays

    if year > MAXYEAR:
        return ()
    with warnings.catch_warnings():
        # Some calendars are known for a span of years only, and the library says so.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(country, subdivision, years=year, expand=False)
    return tuple(sorted(found))


# -- files of events ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventFile:
    """The events of an iCalendar file, read."""

    name: str
    digest: str
    """Tells its content from every other one's."""
    events: Any = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.digest

    def dates(self, year: int) -> Iterator[date]:
        """The dates that an event of the year closes as a whole."""
        for event in _within(self.events, year):
            if not isinstance(event.start, datetime):
                # An end that is no later than the start means one day, as without an end.
                days = max(1, (event.end - event.start).days)
                yield from (event.start + timedelta(days=day) for day in range(days))

    def closures(self, year: int, zone: tzinfo) -> Iterator[Interval]:
        """The times of the year's other events, epoch milliseconds; local ones in `zone`."""
        for event in _within(self.events, year):
            if isinstance(event.start, datetime):
                yield _instant(event.start, zone), _instant(event.end, zone)


def _within(events: Any, year: int) -> Iterator[Any]:
    """What takes place in a year by any zone's clock, but for what is cancelled."""
    if year >= MAXYEAR:
        return
    margin = timedelta(days=2)
    for event in events.between(date(year, 1, 1) - margin, date(year + 1, 1, 1) + margin):
        if str(event.get("STATUS")).upper() != _CANCELLED:
            yield event


def _instant(moment: datetime, zone: tzinfo) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()) * 1000


def _event_file(value: object, info: ValidationInfo) -> EventFile:
    if not isinstance(value, str) or not value:
        raise ValueError("the path of an iCalendar file")
    try:
        content = (folder_of(info) / value).read_bytes()
    except OSError as error:
        refuse(f"{value}: {error.strerror}, expected an iCalendar file that can be read")
    except ValueError:
        raise ValueError("the path of an iCalendar file") from None
    return EventFile(value, hashlib.sha256(content).hexdigest(), _parsed(value, content))


def _parsed(name: str, content: bytes) -> Any:
    import recurring_ical_events  # type: ignore[import-untyped]  # it comes without types
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(content)
        often = next(filter(_too_often, _rules(calendar)), None)
        if often is not None:
            found = found_text(f"RRULE:{often}")
            refuse(f"{name}: found {found}, expected FREQ=DAILY or rarer, at most {_A_DAY} a day")
        events = recurring_ical_events.of(calendar)
        for year in _TRIED:
            for event in _within(events, year):
                _instant(event.end, UTC) if isinstance(event.end, datetime) else event.start
    except PydanticCustomError:
        raise
    except Exception as error:  # noqa: BLE001 - there is no list of what they raise
        first = (str(error).splitlines() or [""])[0]
        reason = f"no {error.args[0]}" if isinstance(error, KeyError) else first
        refuse(f"{name}: not a usable iCalendar file: {reason[:100]}")
    return events


def _rules(calendar: Any) -> Iterator[str]:
    """How the events come back, as it is read by who lays them out."""
    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            yield rule.to_ical().decode().upper()


def _too_often(rule: str) -> bool:
    times = prod(len(listing.split(",")) for listing in _TIMES.findall(rule))
    return times > _A_DAY or _TOO_OFTEN.search(rule) is not None


_PATH: Final = WithJsonSchema({"type": "string", "minLength": 1})
Ical = Annotated[
    EventFile, PlainValidator(_event_file, json_schema_input_type=Annotated[str, _PATH])
]
"""Relative to the configuration's folder; read and laid out at once."""
