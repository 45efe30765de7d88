"""What can be set in sla.yml: calendars, and what is promised to whom within them.

The docstring below a field is its description in the JSON Schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from streams.config.holiday_sources import Country, Ical, wrong_subdivision
from streams.config.problems import refuse
from streams.config.sla_names import (
    PRIORITIES,
    ClockName,
    OfKind,
    OfPriority,
    OfStatus,
    PausingStatus,
    Values,
)
from streams.config.sla_values import (
    AMOUNT,
    Amount,
    Day,
    DayHours,
    DayRange,
    Opening,
    OpenTime,
    Since,
    WarnLevel,
    each_once,
    open_time,
    weekdays,
)
from streams.config.values import DAYS, Name, Share, Zone
from streams.core.calendars import ALWAYS
from streams.core.policies import OnReopen

_KINDS: Final = ("country", "date", "ical")


@dataclass(frozen=True, slots=True)
class Holiday:
    """Dates with hours of their own: a country's, one date, or those of a file."""

    country: Country | None = None
    """Public holidays of a country, by its ISO 3166 code."""
    subdivision: Name | None = None
    """A part of the country, such as BY for Bavaria; its holidays are added."""
    date: Day | None = None
    """One date, such as 2026-12-24."""
    hours: DayHours | None = None
    """When that date is open; closed all day without it."""
    ical: Ical | None = None
    """An iCalendar file: whole-day events close their dates, others exactly their time."""


def _one_source(holiday: Holiday) -> Holiday:
    named = [kind for kind in _KINDS if getattr(holiday, kind) is not None]
    if len(named) != 1:
        refuse(f"found {' and '.join(named) or 'none'}, expected one of {', '.join(_KINDS)}")
    for key, owner in (("hours", "date"), ("subdivision", "country")):
        if getattr(holiday, key) is not None and owner not in named:
            refuse(f"{key} stands beside {owner} only")
    if holiday.country and holiday.subdivision:
        wrong = wrong_subdivision(holiday.country, holiday.subdivision)
        if wrong:
            refuse(f"subdivision: {wrong}")
    return holiday


def _each_day_once(hours: Mapping[str, tuple[Opening, ...]]) -> Mapping[str, tuple[Opening, ...]]:
    named: dict[int, str] = {}
    for days in hours:
        for day in weekdays(days):
            if day in named:
                refuse(f"{DAYS[day]} is in {named[day]} and in {days}, expected each day once")
            named[day] = days
    return MappingProxyType(hours)


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar: when a team works."""

    timezone: Zone | None = None
    """The zone of the hours; without it that of deskpulse.yml."""
    hours: Annotated[Mapping[DayRange, DayHours], AfterValidator(_each_day_once)] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """By day (mon) or days (mon-thu): a list such as ["08:00-12:00", "13:00-18:00"]."""
    holidays: tuple[Annotated[Holiday, AfterValidator(_one_source)], ...] = ()
    """Dates with other hours; of several on one date the first counts."""

    @property
    def ever_open(self) -> bool:
        """Whether a week without holidays has open time, as every calendar must."""
        return any(self.hours.values())


def _not_built_in(name: str) -> str:
    if name == ALWAYS.name:
        refuse("built in, expected another name")
    return name


Calendars = Mapping[Annotated[Name, AfterValidator(_not_built_in)], Hours]


@dataclass(frozen=True, slots=True)
class When:
    """What a ticket must be: of each attribute one value or a list of which any may stand."""

    status: OfStatus | None = None
    priority: OfPriority | None = None
    queue: Values | None = None
    assignee: Values | None = None
    channel: Values | None = None
    category: Values | None = None
    kind: OfKind | None = None
    complexity: Values | None = None
    wait_reason: Values | None = None
    requester: Values | None = None
    organization: Values | None = None
    segment: Values | None = None
    product: Values | None = None
    language: Values | None = None
    tags: Values | None = None
    """One of the ticket's tags has to be listed."""
    source: Values | None = None
    """Of the ticket's creation; `*` is any text."""

    @property
    def conditions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is asked, by attribute."""
        for name in self.__dataclass_fields__:
            values = getattr(self, name)
            if values is not None:
                yield name, values


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised for one clock: within, or a duration by priority."""

    within: OpenTime | None = None
    """For every priority."""
    urgent: OpenTime | None = None
    high: OpenTime | None = None
    normal: OpenTime | None = None
    low: OpenTime | None = None
    other: OpenTime | None = None
    """For a priority that is none of these."""
    # Behind a validator a list is no longer JSON, which is where strict takes it for a tuple.
    pause: Annotated[tuple[PausingStatus, ...], Field(strict=False)] | None = None
    """Statuses in which the clock pauses; without it the clock's default, [] is never."""
    warn: Annotated[tuple[WarnLevel, ...], Field(strict=False), AfterValidator(each_once)] = ()
    """A share of the target (50%) or a time left (5m), each announced once."""
    on_reopen: OnReopen | None = None
    """Of resolution only: resume (the default), restart or keep_first."""
    retarget: Literal["recompute", "keep"] = "recompute"
    """Whether a change of the ticket's attributes moves what is running to other terms."""

    @property
    def amounts(self) -> Iterator[tuple[str | None, Amount]]:
        """The durations by priority; `None` is every priority."""
        for name in ("within", *PRIORITIES):
            amount = getattr(self, name)
            if amount is not None:
                yield (None if name == "within" else name), amount


def _written_out(value: object) -> object:
    if isinstance(value, str):
        return Target(within=open_time(value))
    if not isinstance(value, dict):
        raise ValueError(f"{AMOUNT}, or a map")  # noqa: TRY004 - pydantic's way to refuse
    return value


def _one_way(target: Target) -> Target:
    priorities = [priority for priority, _ in target.amounts]
    if not priorities:
        refuse("no duration, expected within or one for a priority")
    if None in priorities and len(priorities) > 1:
        refuse(f"found within and {priorities[1]}, expected one of them")
    return target


Promise = Annotated[
    Target,
    BeforeValidator(_written_out, json_schema_input_type=OpenTime | Target),
    AfterValidator(_one_way),
]


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """What is promised to the tickets that meet its conditions; the first match governs."""

    name: Name
    """In metrics and reports; again only with another effective_from."""
    calendar: Name
    """In whose open time everything is counted: 24x7, or one of calendars."""
    targets: Annotated[Mapping[ClockName, Promise], AfterValidator(MappingProxyType)]
    """By clock; a clock that is not named the ticket does not have."""
    when: When = When()
    """All of these have to hold; without it every ticket matches."""
    objective: Share | None = None
    """The share of instances that are to be met, such as 99%."""
    effective_from: Since | None = None
    """Governs what starts at or after it: an instant, or a date by the calendar's clock."""
