"""What becomes of sla.yml: the contract's file, how values are read, what the engine gets."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.config import Config, load
from streams.config.sla import When
from streams.config.sla_names import KINDS, PRIORITIES, STATUSES, WORKABLE_STATUSES
from streams.config.sla_values import weekdays
from streams.config.values import time_text
from streams.core import events as ev
from streams.core.calendars import ALWAYS
from streams.core.instants import DAY, HOUR, MINUTE, parse_rfc3339
from streams.core.policies import (
    NO_POLICIES,
    SOURCE,
    WORKABLE,
    OnReopen,
    Policies,
    Terms,
    governing,
)

Folder = Callable[[str], Path]

CONTRACT = """
calendars:
  support-eu:
    timezone: Europe/Berlin
    hours: {mon-thu: ["08:00-12:00", "13:00-18:00"], fri: ["08:00-14:00"]}
    holidays: [{country: DE, subdivision: BY}, {date: 2026-12-24, hours: ["08:00-12:00"]}, {ical: bank-holidays.ics}]
policies:                                              # ordered; the first match wins, and the reason is recorded
  - name: enterprise-urgent
    when: {priority: [urgent, high], segment: enterprise}
    calendar: 24x7
    objective: 99%
    targets:
      first_response: {urgent: 15m, high: 1h, warn: [50%, 75%, 5m]}
      next_reply: 1h
      resolution: {within: 8bh, pause: [pending, on_hold]}
"""  # noqa: E501 - word for word
NO_EVENTS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nEND:VCALENDAR\r\n"
OFFICE = """
calendars:
  office: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-12:00", "13:00-18:12"]}}
policies:
- {name: a, calendar: office, targets: {resolution: TARGET}}
"""


def promised(folder: Path) -> Policies:
    return load(folder).engine.policies


def terms(folder: Path, clock: str = "resolution", priority: str | None = None) -> Terms:
    found = promised(folder).policies[0].terms(clock, priority)
    assert found is not None
    return found


def test_no_file_and_an_empty_one_promise_nothing(sla: Folder, tmp_path: Path) -> None:
    assert promised(tmp_path) is NO_POLICIES
    assert load(sla("# nothing but a remark\n")) == Config()
    assert promised(sla("publish: all")) is NO_POLICIES


def test_the_file_of_the_contract_loads(sla: Folder, tmp_path: Path) -> None:
    (tmp_path / "bank-holidays.ics").write_bytes(NO_EVENTS.encode())
    config = load(sla(CONTRACT))
    (policy,) = config.engine.policies.policies
    assert (policy.name, policy.calendar, policy.objective) == ("enterprise-urgent", ALWAYS, 0.99)
    assert {each.attribute: each.values for each in policy.when} == {
        "priority": {"urgent", "high"},
        "segment": {"enterprise"},
    }
    urgent, high = (policy.terms("first_response", name) for name in ("urgent", "high"))
    assert urgent is not None
    assert high is not None
    assert (urgent.target, high.target) == (15 * MINUTE, HOUR)
    assert urgent.warn == ((450_000, "50%"), (600_000, "5m"), (675_000, "75%"))
    assert high.warn == ((1_800_000, "50%"), (2_700_000, "75%"), (3_300_000, "5m"))
    resolution = policy.terms("resolution", "low")
    assert resolution is not None
    assert resolution.target == 8 * HOUR
    assert resolution.pause == {"pending", "on_hold"}
    assert policy.terms("first_response", "low") is None
    assert policy.terms("ownership", "urgent") is None
    assert not config.engine.policies.announce_all


def test_the_engine_is_the_same_object_every_time(sla: Folder) -> None:
    """Clocks know their terms by identity."""
    config = load(sla("policies:\n- {name: a, calendar: 24x7, targets: {pickup: 1h}}"))
    assert config.engine is config.engine


def test_all_transitions_are_published_if_asked_for(sla: Folder) -> None:
    text = "policies:\n- {name: a, calendar: 24x7, targets: {}}\npublish: all"
    assert promised(sla(text)).announce_all


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("90s", 90_000),
        ("15m", 15 * MINUTE),
        ("4h", 4 * HOUR),
        ("8bh", 8 * HOUR),
        ("1bd", 9 * HOUR + 12 * MINUTE),
        ("2bd", 18 * HOUR + 24 * MINUTE),
        ("{within: 010m}", 10 * MINUTE),
        ("999999999h", 999_999_999 * HOUR),
    ],
)
def test_a_duration_is_open_time_of_the_calendar(sla: Folder, target: str, expected: int) -> None:
    assert terms(sla(OFFICE.replace("TARGET", target))).target == expected


@pytest.mark.parametrize(
    ("target", "expected"), [("1d", DAY), ("2bd", 2 * DAY), ("3bh", 3 * HOUR), ("7d", 7 * DAY)]
)
def test_a_day_around_the_clock_has_24_hours(sla: Folder, target: str, expected: int) -> None:
    text = f"policies:\n- {{name: a, calendar: 24x7, targets: {{resolution: {target}}}}}"
    assert terms(sla(text)).target == expected


def test_average_days_are_rounded_down_once(sla: Folder) -> None:
    """10 minutes a week on 3 days: a third of 10 minutes is no whole number of milliseconds."""
    text = """
calendars:
  c: {timezone: UTC, hours: {mon: ["08:00-08:05"], tue: ["08:00-08:03"], wed: ["08:00-08:02"]}}
policies:
- {name: a, calendar: c, targets: {pickup: {high: 1bd, low: 2bd, normal: 3bd}}}
"""
    folder = sla(text)
    found = [terms(folder, "pickup", name).target for name in ("high", "low", "normal")]
    assert found == [200_000, 400_000, 600_000]


def test_a_clock_pauses_as_its_target_says_or_as_it_does_by_default(sla: Folder) -> None:
    text = """
policies:
- name: a
  calendar: 24x7
  targets:
    resolution: 1h
    pausable_update: 1h
    first_response: {within: 1h, pause: [on_hold]}
    agent_work: {within: 1h, pause: []}
"""
    folder = sla(text)
    assert terms(folder, "resolution").pause == set()
    assert terms(folder, "pausable_update").pause == {"pending"}
    assert terms(folder, "first_response").pause == {"on_hold"}
    # Its running set is fixed; `pause` can only add to it.
    assert terms(folder, "agent_work").pause == {"pending", "on_hold", "other"}


def test_an_empty_pause_is_never(sla: Folder) -> None:
    text = (
        "policies:\n"
        "- {name: a, calendar: 24x7, targets: {pausable_update: {within: 1h, pause: []}}}"
    )
    assert terms(sla(text), "pausable_update").pause == set()


@pytest.mark.parametrize(
    ("warn", "expected"),
    [
        ("[]", ()),
        # In the order in which they are reached, each once.
        ("[75%, 50%, 50%]", ((1_800_000, "50%"), (2_700_000, "75%"))),
        # The same written twice counts once, as it was written first.
        ("[50%, 75.0%, 50.000%, 75%]", ((1_800_000, "50%"), (2_700_000, "75.0%"))),
        ("[15m, 900s, 015m]", ((2_700_000, "15m"),)),
        ("[2bd, 02bd, 2s, 2m]", ((0, "2bd"), (3_480_000, "2m"), (3_598_000, "2s"))),
        ("[100%]", ((3_600_000, "100%"),)),
        ("[62.5%]", ((2_250_000, "62.5%"),)),
        # Rounded down to a millisecond.
        ("[0.001%]", ((36, "0.001%"),)),
        ("[5m, 1bh]", ((0, "1bh"), (3_300_000, "5m"))),
        # A time left that is longer than the target is past right after the start.
        ("[1bd]", ((0, "1bd"),)),
    ],
)
def test_a_warn_level_is_so_much_of_the_target(
    sla: Folder, warn: str, expected: tuple[tuple[int, str], ...]
) -> None:
    text = OFFICE.replace("TARGET", f"{{within: 1h, warn: {warn}}}")
    assert terms(sla(text)).warn == expected


def test_a_target_takes_the_settings_of_its_clock(sla: Folder) -> None:
    default = terms(sla(OFFICE.replace("TARGET", "1h")))
    assert (default.on_reopen, default.keep) == (OnReopen.RESUME, False)
    text = "{high: 1h, on_reopen: keep_first, retarget: keep}"
    changed = terms(sla(OFFICE.replace("TARGET", text)), priority="high")
    assert (changed.on_reopen, changed.keep) == (OnReopen.KEEP_FIRST, True)


@pytest.mark.parametrize(
    ("when", "attributes", "matches"),
    [
        ("{queue: 70}", {"queue": "70"}, True),
        ("{queue: [a, b]}", {"queue": "b"}, True),
        ("{queue: ''}", {}, True),
        ("{priority: ''}", {"priority": "low"}, False),
        ("{priority: other}", {"priority": "other"}, True),
        ("{tags: [vip, press]}", {"tags": ("new", "press")}, True),
        ("{tags: ''}", {"tags": ()}, True),
        ("{source: zendesk/*}", {"source": "zendesk/acme/eu"}, True),
        ("{source: zendesk/*}", {"source": "servicenow"}, False),
        ("{queue: 'a*'}", {"queue": "ab"}, False),
        ("{segment: x, queue: y}", {"segment": "x"}, False),
    ],
)
def test_a_condition_asks_for_values_of_attributes(
    sla: Folder, when: str, attributes: dict[str, object], matches: bool
) -> None:
    text = f"policies:\n- {{name: a, calendar: 24x7, when: {when}, targets: {{}}}}"
    assert bool(promised(sla(text)).matching(attributes.get)) == matches


def test_a_policy_can_ask_for_every_attribute_and_the_source() -> None:
    assert tuple(When.__dataclass_fields__) == (*ev.ATTRIBUTES, SOURCE)


def test_the_names_that_can_be_written_are_those_of_the_engine() -> None:
    assert set(STATUSES) == {*ev.STATUSES, ev.OTHER}
    assert set(PRIORITIES) == {*ev.PRIORITIES, ev.OTHER}
    assert set(KINDS) == {*ev.KINDS, ev.OTHER}
    assert set(WORKABLE_STATUSES) == WORKABLE


# Dates begin at the midnight of the policy's calendar; where it is skipped, right after it.
BEGINNINGS = [
    ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
    ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
    ("Asia/Kathmandu", "2026-07-01", "2026-06-30T18:15:00Z"),
    ("Europe/Berlin", "'2026-07-01T00:00:00Z'", "2026-07-01T00:00:00Z"),
    ("Europe/Berlin", "'2026-07-01T00:00:00.5+02:00'", "2026-06-30T22:00:00.500Z"),
]


@pytest.mark.parametrize(("zone", "text", "expected"), BEGINNINGS)
def test_a_policy_begins_at_an_instant_or_with_a_date(
    sla: Folder, zone: str, text: str, expected: str
) -> None:
    file = OFFICE.replace("TARGET", "1h").replace("Europe/Berlin", zone)
    file = file.replace("name: a,", f"name: a, effective_from: {text},")
    assert promised(sla(file)).policies[0].effective_from == parse_rfc3339(expected)


def test_around_the_clock_dates_are_those_of_utc(sla: Folder) -> None:
    text = """policies:
- {name: a, calendar: 24x7, effective_from: 2026-07-01, targets: {pickup: 1h}}
- {name: a, calendar: 24x7, targets: {pickup: 2h}}
"""
    policies = promised(sla(text))
    begin = parse_rfc3339("2026-07-01T00:00:00Z")
    matching = policies.matching(lambda _: None)
    assert governing(matching, begin) is policies.policies[0]
    assert governing(matching, begin - 1) is policies.policies[1]


def test_a_calendar_without_a_zone_has_that_of_the_folder(sla: Folder, folder: Folder) -> None:
    folder("timezone: Asia/Tokyo")
    text = OFFICE.replace("timezone: Europe/Berlin, ", "").replace("TARGET", "1h")
    assert terms(sla(text)).calendar.zone == ZoneInfo("Asia/Tokyo")


def test_hours_are_given_by_day_and_by_days(sla: Folder) -> None:
    text = """
calendars:
  c:
    timezone: UTC
    hours: {sat-mon: ["22:00-06:00"], tue: [], wed: ["20:00-24:00", "08:00-09:00"]}
policies:
- {name: a, calendar: c, targets: {}}
"""
    calendar = promised(sla(text)).policies[0].calendar
    night, none = ((22 * HOUR, 30 * HOUR),), ()
    wednesday = ((8 * HOUR, 9 * HOUR), (20 * HOUR, 24 * HOUR))
    assert calendar.week == (night, none, wednesday, none, none, night, night)
    assert (calendar.name, calendar.weekly) == ("c", 29 * HOUR)


@pytest.mark.parametrize(
    ("text", "days"),
    [("mon", (0,)), ("mon-thu", (0, 1, 2, 3)), ("fri-mon", (4, 5, 6, 0)), ("sun-sun", (6,))],
)
def test_days_run_from_one_to_another(text: str, days: tuple[int, ...]) -> None:
    assert weekdays(text) == days


@pytest.mark.parametrize(
    ("length", "text"),
    [(0, "0s"), (999, "0s"), (45_000, "45s"), (HOUR, "1h"), (33_120_000, "9h12m"), (DAY, "24h")],
)
def test_a_length_is_said_down_to_the_second(length: int, text: str) -> None:
    assert time_text(length) == text


# -- the fingerprint ----------------------------------------------------------------------

FULL = OFFICE.replace("TARGET", "{within: 1h, warn: [50%]}")


def fingerprint(folder: Path) -> str:
    return promised(folder).fingerprint


@pytest.mark.parametrize(
    "same",
    [
        "# a remark\n" + FULL,
        FULL.replace("calendar: office, ", "").replace("name: a", "calendar: office, name: a"),
        FULL.replace("{within: 1h, warn: [50%]}", "{warn: [50%], within: 1h}"),
        FULL + "\npublish: all",
    ],
)
def test_what_means_the_same_has_the_same_fingerprint(sla: Folder, same: str) -> None:
    assert fingerprint(sla(same)) == fingerprint(sla(FULL))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1h", "2h"),
        ("50%", "51%"),
        ("name: a", "name: b"),
        ("name: a", "name: a, when: {queue: x}"),
        ("name: a", "name: a, effective_from: 2026-07-01"),
        ("calendar: office", "calendar: 24x7"),
        ("08:00-12:00", "08:00-11:59"),
        ("Europe/Berlin", "Europe/Vienna"),
        ("hours:", "holidays: [{date: 2026-12-24}], hours:"),
    ],
)
def test_every_change_of_a_promise_changes_the_fingerprint(sla: Folder, old: str, new: str) -> None:
    before = fingerprint(sla(FULL))
    assert fingerprint(sla(FULL.replace(old, new))) not in {before, ""}


def test_the_fingerprint_is_the_same_in_every_process(sla: Folder) -> None:
    """A new one makes every worker fold its records again, so it changes only on purpose."""
    text = "policies:\n- {name: a, when: {queue: [y, x]}, calendar: 24x7, targets: {pickup: 1h}}"
    assert fingerprint(sla(text)) == "66eca25ac19b6df6"
