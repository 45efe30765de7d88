"""Holidays of a calendar: countries, dates and iCalendar files, each asked year by year."""

import warnings
from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from streams.config import ConfigError, load
from streams.config.holiday_sources import EventFile, country_dates, library
from streams.core.calendars import Calendar
from streams.core.instants import HOUR, parse_rfc3339

Folder = Callable[[str], Path]
Holidays = Callable[..., Calendar]


@pytest.fixture
def office(sla: Folder, tmp_path: Path) -> Holidays:
    """A calendar from 08:00 to 16:00 every day in Berlin, with these holidays and events."""

    def build(*entries: str, events: str = "") -> Calendar:
        ical = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{events}END:VCALENDAR\n"
        (tmp_path / "days.ics").write_bytes(ical.replace("\n", "\r\n").encode())
        text = f"""
calendars:
  office:
    timezone: Europe/Berlin
    hours: {{mon-sun: ["08:00-16:00"]}}
    holidays: [{", ".join(entries)}]
policies:
- {{name: a, calendar: office, targets: {{pickup: 1h}}}}
"""
        return load(sla(text)).engine.policies.policies[0].calendar

    return build


def whole_days(start: str, end: str = "", rest: str = "") -> str:
    """An event of whole days; the end is the first day after it."""
    ending = f"DTEND;VALUE=DATE:{end}\n" if end else ""
    return (
        f"BEGIN:VEVENT\nUID:{start}{rest}\nDTSTART;VALUE=DATE:{start}\n{ending}{rest}END:VEVENT\n"
    )


def timed(start: str, end: str, rest: str = "", zone: str = "") -> str:
    return (
        f"BEGIN:VEVENT\nUID:{start}{zone}\nDTSTART{zone}:{start}\nDTEND{zone}:{end}\n"
        f"{rest}END:VEVENT\n"
    )


def hours(calendar: Calendar, day: str) -> float:
    """Open hours of a local date."""
    start = parse_rfc3339(f"{day}T00:00:00+01:00")
    return calendar.between(start, start + 24 * HOUR) / HOUR


# -- countries ----------------------------------------------------------------------------


def test_public_holidays_of_a_country_are_closed(office: Holidays) -> None:
    calendar = office("{country: DE}")
    assert hours(calendar, "2026-12-25") == 0
    assert hours(calendar, "2026-12-24") == 8
    assert hours(calendar, "2027-01-01") == 0


def test_those_of_a_subdivision_are_added(office: Holidays) -> None:
    epiphany = "2027-01-06"
    assert hours(office("{country: DE}"), epiphany) == 8
    assert hours(office("{country: DE, subdivision: BY}"), epiphany) == 0
    assert hours(office("{country: DE, subdivision: BY}"), "2026-12-25") == 0


def test_a_holiday_that_moves_off_the_weekend_closes_the_day_it_moves_to(office: Holidays) -> None:
    """4 July 2026 is a Saturday."""
    calendar = office("{country: US}")
    assert [hours(calendar, day) for day in ("2026-07-03", "2026-07-04")] == [0, 0]


@pytest.mark.parametrize("year", [1998, 2150, 9998, 9999, 10_000])
def test_no_year_is_too_far_for_a_country(year: int) -> None:
    """India's are known for a span of years, which the library warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for country in ("IN", "DE", "SA"):
            assert all(day.year == year for day in country_dates(country, None, year))


def test_another_version_of_the_library_is_another_fingerprint(
    office: Holidays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library() == f"holidays {version('holidays')}"

    def fingerprints(entry: str) -> list[str]:
        office(entry)
        found = []
        for release in ("1", "2"):
            monkeypatch.setattr("streams.config.promises.library", lambda release=release: release)
            found.append(load(tmp_path).engine.policies.fingerprint)
        return found

    first, second = fingerprints("{country: DE}")
    assert first != second
    first, second = fingerprints("{date: 2026-12-24}")
    assert first == second


# -- dates --------------------------------------------------------------------------------


def test_of_two_holidays_on_a_date_the_first_counts(office: Holidays) -> None:
    half = "{date: 2026-12-25, hours: ['08:00-12:00']}"
    assert hours(office(half, "{country: DE}"), "2026-12-25") == 4
    assert hours(office("{country: DE}", half), "2026-12-25") == 0
    both = office(half, "{ical: days.ics}", events=whole_days("20261225"))
    assert hours(both, "2026-12-25") == 4


def test_a_date_is_closed_without_hours_and_with_none(office: Holidays) -> None:
    calendar = office("{date: 2026-12-28}", "{date: 2026-12-29, hours: []}")
    assert [hours(calendar, f"2026-12-{day}") for day in (28, 29, 30)] == [0, 0, 8]


# -- files --------------------------------------------------------------------------------

DAYS = [
    ("one day", whole_days("20261228"), ["2026-12-28"]),
    ("an end that is the start is one day", whole_days("20261228", "20261228"), ["2026-12-28"]),
    ("the end is the first day after", whole_days("20261228", "20261230"),
     ["2026-12-28", "2026-12-29"]),
    ("over the turn of the year", whole_days("20261231", "20270102"),
     ["2026-12-31", "2027-01-01"]),
    ("every year", whole_days("20001228", rest="RRULE:FREQ=YEARLY\n"),
     ["2026-12-28"]),
    ("every day but one", whole_days("20261227", rest="RRULE:FREQ=DAILY;COUNT=4\n"
                                     "EXDATE;VALUE=DATE:20261229\n"),
     ["2026-12-27", "2026-12-28", "2026-12-30"]),
    ("a cancelled event", whole_days("20261228", rest="STATUS:CANCELLED\n"), []),
    ("a tentative or transparent one counts",
     whole_days("20261228", rest="STATUS:TENTATIVE\nTRANSP:TRANSPARENT\n"), ["2026-12-28"]),
    ("one occurrence is cancelled",
     ("BEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20261227\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
     "BEGIN:VEVENT\nUID:x\nRECURRENCE-ID;VALUE=DATE:20261228\nDTSTART;VALUE=DATE:20261228\n"
     "STATUS:CANCELLED\nEND:VEVENT\n"),
     ["2026-12-27", "2026-12-29"]),
    ("a to-do is no event", "BEGIN:VTODO\nUID:x\nDTSTART;VALUE=DATE:20261228\nEND:VTODO\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "closed"), [row[1:] for row in DAYS], ids=[r[0] for r in DAYS])
def test_events_of_whole_days_close_their_dates(
    office: Holidays, events: str, closed: list[str]
) -> None:
    calendar = office("{ical: days.ics}", events=events)
    week = [f"2026-12-{day}" for day in range(26, 32)] + ["2027-01-01", "2027-01-02"]
    assert [day for day in week if hours(calendar, day) == 0] == closed
    assert {hours(calendar, day) for day in week} <= {0, 8}


TIMES = [
    # A zone of its own, UTC, and none: that of the calendar. Open from 08:00 to 16:00.
    ("20261228T100000Z", "20261228T113000Z", "", 6.5),
    ("20261228T100000", "20261228T113000", "", 6.5),
    ("20261228T040000", "20261228T053000", ";TZID=America/New_York", 6.5),
    ("20261228T150000", "20261229T090000", "", 7),
    ("20261228T100000", "20261228T100000", "", 8),
]


@pytest.mark.parametrize(("start", "end", "zone", "left"), TIMES)
def test_events_with_times_close_exactly_their_time(
    office: Holidays, start: str, end: str, zone: str, left: float
) -> None:
    calendar = office("{ical: days.ics}", events=timed(start, end, zone=zone))
    assert hours(calendar, "2026-12-28") == left


def test_a_time_is_closed_on_a_date_with_hours_of_its_own_too(office: Holidays) -> None:
    calendar = office(
        "{date: 2026-12-28, hours: ['08:00-12:00']}",
        "{ical: days.ics}",
        events=timed("20261228T110000", "20261228T130000"),
    )
    assert hours(calendar, "2026-12-28") == 3


def test_times_that_come_back_close_every_time(office: Holidays) -> None:
    """A meeting every Monday from 10 to 11, by the local clock in winter and summer."""
    weekly = timed(
        "20260105T100000", "20260105T110000", "RRULE:FREQ=WEEKLY\n", ";TZID=Europe/Berlin"
    )
    calendar = office("{ical: days.ics}", events=weekly)
    start = parse_rfc3339("2026-07-06T10:00:00+02:00")
    assert calendar.between(start - HOUR, start + 2 * HOUR) == 2 * HOUR
    assert calendar.between(start, start + HOUR) == 0
    assert hours(calendar, "2035-01-01") == 7


def test_a_cancelled_time_counts_nothing(office: Holidays) -> None:
    cancelled = timed("20261228T100000", "20261228T110000", "STATUS:cancelled\n")
    assert hours(office("{ical: days.ics}", events=cancelled), "2026-12-28") == 8


@pytest.mark.parametrize(("year", "dates"), [(9998, 1), (9999, 0), (10_000, 0)])
def test_no_year_is_too_far_for_a_file(sla: Folder, tmp_path: Path, year: int, dates: int) -> None:
    """What comes back every year does so until the last but one of all years."""
    every_year = whole_days("20201228", rest="RRULE:FREQ=YEARLY\n")
    (holiday,) = in_a_file(sla, tmp_path, every_year)
    assert len([day for day in holiday.dates(year) if day.year == year]) == dates


def test_other_content_of_a_file_is_another_fingerprint(office: Holidays, tmp_path: Path) -> None:
    office("{ical: days.ics}", events=whole_days("20261228"))
    first = load(tmp_path).engine.policies.fingerprint
    again = load(tmp_path).engine.policies.fingerprint
    office("{ical: days.ics}", events=whole_days("20261229"))
    assert load(tmp_path).engine.policies.fingerprint != first == again


def in_a_file(sla: Folder, folder: Path, events: str, name: str = "days.ics") -> list[EventFile]:
    """The files of a configuration with one of these events."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n".replace("\n", "\r\n").encode())
    hours = "hours: {mon: [08:00-09:00]}"
    config = load(sla(f"calendars:\n  c:\n    {hours}\n    holidays: [{{ical: {name}}}]"))
    return [each.ical for each in config.calendars["c"].holidays if each.ical is not None]


BROKEN = {
    "no calendar": b"hello",
    "an empty file": b"",
    "no text": bytes(range(128, 256)),
    "two calendars": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "cut off": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n",
    "an event without a start": (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
    "a start that is none": (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:soon\r\nEND:VEVENT\r\n"
        b"END:VCALENDAR\r\n"
    ),
    "a rule that is none": (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\n"
        b"RRULE:FREQ=SOMETIMES\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_one_line_of_the_configuration(
    what: str, sla: Folder, tmp_path: Path
) -> None:
    (tmp_path / "days.ics").write_bytes(BROKEN[what])
    text = "calendars:\n  c:\n    hours: {mon: [08:00-09:00]}\n    holidays: [{ical: days.ics}]"
    with pytest.raises(ConfigError) as caught:
        load(sla(text))
    (line,) = str(caught.value).splitlines()
    place = "sla.yml:4: calendars.c.holidays[0].ical"
    assert line.startswith(f"{place}: days.ics: not a usable iCalendar file: ")
    assert len(line) < 200


def test_what_is_wrong_in_a_file_is_told(sla: Folder, tmp_path: Path) -> None:
    (tmp_path / "days.ics").write_bytes(BROKEN["an event without a start"])
    text = "calendars:\n  c:\n    hours: {mon: [08:00-09:00]}\n    holidays: [{ical: days.ics}]"
    with pytest.raises(ConfigError) as caught:
        load(sla(text))
    assert str(caught.value).endswith("not a usable iCalendar file: no DTSTART")


def test_a_file_may_lie_in_a_folder_beside_the_configuration(sla: Folder, tmp_path: Path) -> None:
    (file,) = in_a_file(sla, tmp_path, whole_days("20261228"), "sub/bank holidays.ics")
    assert list(file.dates(2026)) == [date(2026, 12, 28)]


# -- how often, and whether ever ----------------------------------------------------------

# A rule, and how it is told: its parts come in an order of their own, a long one is cut.
OFTEN = [
    ("freq=secondly", '"RRULE:FREQ=SECONDLY"'),
    ("FREQ=MINUTELY", '"RRULE:FREQ=MINUTELY"'),
    ("COUNT=3;FREQ=HOURLY", '"RRULE:FREQ=HOURLY;COUNT=3"'),
    ("RRULE:FREQ=MINUTELY", '"RRULE:RRULE:FREQ=MINUTELY"'),
    ("FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,1,2,3,4",
     '"RRULE:FREQ=DAILY;BYMINUTE=0,1,2,3,4;BYHOUR=8,9,10,11,12"'),
    ("FREQ=YEARLY;BYSECOND=0,1,2,3,4;BYMINUTE=10,11,12,13,14",
     '"RRULE:FREQ=YEARLY;BYSECOND=0,1,2,3,4;BYMINUTE=10,11,12,1...'),
]  # fmt: skip
NOON = "DTSTART:20000101T120000Z\nDURATION:PT1S\n"
NONE_OPEN = "its holidays leave no open time, expected some in the next two years"


def refused(sla: Folder, calendar: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(sla(f"calendars:\n  c:\n{calendar}"))
    return str(caught.value)


def rules(folder: Path, *rules: str) -> None:
    lines = "".join(f"RRULE:{rule}\n" for rule in rules)
    event = f"BEGIN:VEVENT\nUID:1\n{NOON}{lines}END:VEVENT\n"
    text = f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n"
    (folder / "days.ics").write_bytes(text.replace("\n", "\r\n").encode())


FILE = "    hours: {mon: [08:00-09:00]}\n    holidays: [{ical: days.ics}]"


@pytest.mark.parametrize(("rule", "told"), OFTEN)
@pytest.mark.parametrize("others", [[], ["FREQ=YEARLY"]])
def test_what_comes_back_within_a_day_is_refused_before_it_is_laid_out(
    sla: Folder,
    tmp_path: Path,
    rule: str,
    told: str,
    others: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules(tmp_path, *others, rule)
    monkeypatch.delattr("recurring_ical_events.of")
    assert refused(sla, FILE) == (
        f"sla.yml:4: calendars.c.holidays[0].ical: days.ics: found {told}, "
        "expected FREQ=DAILY or rarer, at most 24 a day"
    )


def test_an_event_may_come_back_24_times_a_day(office: Holidays) -> None:
    """Every half hour from 02:00 by UTC, for a quarter of an hour, until 13:45."""
    event = timed(
        "20261228T080000Z",
        "20261228T081500Z",
        "RRULE:FREQ=DAILY;BYHOUR=2,3,4,5,6,7,8,9,10,11,12,13;BYMINUTE=0,30\n",
    )
    assert hours(office("{ical: days.ics}", events=event), "2026-12-29") == 8 - 14 / 4


@pytest.mark.parametrize(
    "event",
    [
        whole_days("20000101", rest="RRULE:FREQ=DAILY\n"),
        whole_days("20000103", rest="RRULE:FREQ=WEEKLY\n"),
        whole_days("20000101", "20990101"),
        timed("20000101T000000Z", "20000102T000000Z", "RRULE:FREQ=DAILY\n"),
    ],
)
def test_a_file_that_leaves_no_open_time_is_refused(
    sla: Folder, tmp_path: Path, event: str
) -> None:
    text = f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n"
    (tmp_path / "days.ics").write_bytes(text.replace("\n", "\r\n").encode())
    assert refused(sla, FILE) == f"sla.yml:2: calendars.c: {NONE_OPEN}"


def mondays(count: int, hours: str = "") -> str:
    first = date(2026, 7, 6)
    dates = [f"{{date: {first + timedelta(weeks=week)}{hours}}}" for week in range(count)]
    return f"    hours: {{mon: ['08:00-12:00']}}\n    holidays: [{', '.join(dates)}]"


@pytest.fixture
def on_a_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the 732 days ahead 104 are Mondays."""
    now = parse_rfc3339("2026-06-30T12:00:00Z")
    monkeypatch.setattr("streams.config.sla_rules.wall_ms", lambda: now)


@pytest.mark.usefixtures("on_a_tuesday")
def test_dates_that_leave_no_open_time_are_refused(sla: Folder) -> None:
    assert refused(sla, mondays(104)) == f"sla.yml:2: calendars.c: {NONE_OPEN}"


@pytest.mark.usefixtures("on_a_tuesday")
@pytest.mark.parametrize("calendar", [mondays(103), mondays(104, ", hours: ['08:00-08:01']")])
def test_any_open_time_in_two_years_is_enough(sla: Folder, calendar: str) -> None:
    assert list(load(sla(f"calendars:\n  c:\n{calendar}")).calendars) == ["c"]


@pytest.mark.usefixtures("on_a_tuesday")
def test_what_was_closed_until_today_is_no_mistake(office: Holidays) -> None:
    calendar = office("{ical: days.ics}", events=whole_days("20000101", "20260701"))
    assert hours(calendar, "2026-12-28") == 8
