"""Every way sla.yml can be wrong, and the line its author gets to read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.config import ConfigError, load

Folder = Callable[[str], Path]

# 9 h 12 min a day, and two policies whose first lines are 3 and 4.
CALENDAR = (
    'calendars:\n  eu: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-12:00", "13:00-18:12"]}}'
)
OPEN = '{mon: ["08:00-12:00"]}'
AMOUNT = "expected a duration such as 15m, 4h, 8bh or 2bd, longer than 0"
BEGINNING = "expected a date such as 2026-07-01, or an instant such as 2026-07-01T06:00:00Z"
SHARE = "expected more than 0% and at most 100%"
HOURS = 'expected hours such as "08:00-12:00"'
DAYS = "expected a day such as mon, or days such as mon-thu"
COUNTRY = "expected the ISO 3166 code of a country such as DE, US or FR"
ICAL = "expected an iCalendar file that can be read"
TWO_READINGS = "write 24bh for 24 hours of open time or 1bd for one average open day (9h12m)"

# The target of the clock `resolution`, and the line behind "policies[0].targets.resolution".
TARGETS = [
    ("1d", f': found "1d", {TWO_READINGS}'),
    (
        "{within: 2d}",
        (
            ': found "2d", write 48bh for 48 hours of open time '
            "or 2bd for 2 average open days (18h24m)"
        ),
    ),
    (
        "{low: 3d}",
        (
            '.low: found "3d", write 72bh for 72 hours of open time '
            "or 3bd for 3 average open days (27h36m)"
        ),
    ),
    ("{within: 2bd, warn: [50%, 1d]}", f'.warn[1]: found "1d", {TWO_READINGS}'),
    ("{within: 2bd, warn: [1bd, 50%, 50.0%, 1d]}", f'.warn[3]: found "1d", {TWO_READINGS}'),
    ("15", f": found 15, {AMOUNT}, or a map"),
    ("", f": found nothing, {AMOUNT}, or a map"),
    ("[1h]", f": found a list, {AMOUNT}, or a map"),
    ("15 min", f': found "15 min", {AMOUNT}'),
    ("0h", f': found "0h", {AMOUNT}'),
    ("{within: soon}", f'.within: found "soon", {AMOUNT}'),
    ("{high: 1.5h}", f'.high: found "1.5h", {AMOUNT}'),
    ("{}", ": no duration, expected within or one for a priority"),
    ("{pause: []}", ": no duration, expected within or one for a priority"),
    ("{within: 1h, high: 2h}", ": found within and high, expected one of them"),
    ("{hgh: 2h}", ".hgh: unknown key, did you mean high?"),
    (
        "{P1: 2h}",
        (
            ".P1: unknown key, expected one of high, low, normal, on_reopen, other, pause, "
            "retarget, urgent, warn, within"
        ),
    ),
    ("{within: 1h, pause: [pendng]}", '.pause[0]: found "pendng", did you mean pending?'),
    (
        "{within: 1h, pause: [open, resolved]}",
        '.pause[1]: found "resolved", expected new, open, pending, on_hold or other',
    ),
    ("{within: 1h, pause: pending}", '.pause: found "pending", expected a list'),
    ("{within: 1h, warn: [0%]}", f'.warn[0]: found "0%", {SHARE}'),
    ("{within: 1h, warn: [50%, 100.1%]}", f'.warn[1]: found "100.1%", {SHARE}'),
    (
        "{within: 1h, warn: [0m]}",
        '.warn[0]: found "0m", expected a share such as 50%, or a time left such as 5m',
    ),
    ("{within: 1h, warn: 50%}", '.warn: found "50%", expected a list'),
    (
        "{within: 1h, on_reopen: restrat}",
        '.on_reopen: found "restrat", expected resume, restart or keep_first',
    ),
    (
        "{within: 1h, retarget: never}",
        '.retarget: found "never", expected recompute or keep',
    ),
]

# A key of a policy, and the line behind "policies[0].".
POLICY_KEYS = [
    ("when: {priority: [urgent, hgh]}", 'when.priority: found "hgh", did you mean high?'),
    ("when: {status: solved}", 'when.status: found "solved", did you mean resolved?'),
    (
        "when: {kind: xyzzy}",
        (
            'when.kind: found "xyzzy", expected question, incident, problem, task, complaint, '
            "conflict or other"
        ),
    ),
    ("when: {prio: high}", "when.prio: unknown key, did you mean priority?"),
    (
        "when: {queue: []}",
        "when.queue: found an empty list, expected at least one value",
    ),
    (
        "when: {queue: [a, true]}",
        'when.queue: found true, expected text ("" is a ticket without it)',
    ),
    ("when: [high]", "when: found a list, expected a map of settings"),
    ("objective: 0%", f'objective: found "0%", {SHARE}'),
    ("objective: 101%", f'objective: found "101%", {SHARE}'),
    ("objective: 99", "objective: found 99, expected a percentage such as 99%"),
    ("effective_from: 2026-02-30", f'effective_from: found "2026-02-30", {BEGINNING}'),
    (
        "effective_from: 2026-07-01T00:00:00",
        f'effective_from: found "2026-07-01T00:00:00", {BEGINNING}',
    ),
    (
        "effective_from: 2026-07-01T25:00:00Z",
        f'effective_from: found "2026-07-01T25:00:00Z", {BEGINNING}',
    ),
    ("effective_from: soon", f'effective_from: found "soon", {BEGINNING}'),
    (
        "targets: {resolutoin: 1h}",
        "targets.resolutoin: unknown clock, did you mean resolution?",
    ),
    (
        "targets: {sleep: 1h}",
        (
            "targets.sleep: unknown clock, expected first_response, pickup, next_reply, "
            "periodic_update, pausable_update, requester_wait, agent_work, resolution or ownership"
        ),
    ),
    (
        "targets: {pickup: {within: 1h, on_reopen: restart}}",
        "targets.pickup.on_reopen: stands beside resolution only",
    ),
    ("calendar: ue", 'calendar: found "ue", expected 24x7 or eu'),
    ("calendar: 24x", 'calendar: found "24x", did you mean 24x7?'),
    ("name: ''", 'name: found "", expected text that is not empty'),
]

# What stands under `calendars`, and the line behind "calendars".
CALENDARS = [
    ("{24x7: {hours: OPEN}}", ".24x7: built in, expected another name"),
    ("{eu: {}}", ".eu.hours: never open, expected hours of at least one day"),
    (
        "{eu: {hours: {mon: [], tue: []}}}",
        ".eu.hours: never open, expected hours of at least one day",
    ),
    ("{eu:}", ".eu: found nothing, expected a map of settings"),
    ("[eu]", ": found a list, expected a map"),
    (
        "{eu: {timezone: Europe/Berln, hours: OPEN}}",
        '.eu.timezone: found "Europe/Berln", did you mean Europe/Berlin?',
    ),
    (
        "{eu: {timezone: Mars, hours: OPEN}}",
        '.eu.timezone: found "Mars", expected the name of a time zone such as Europe/Berlin or UTC',
    ),
    ("{eu: {zone: UTC, hours: OPEN}}", ".eu.zone: unknown key, did you mean timezone?"),
    ("{eu: {hours: {monday: []}}}", f'.eu.hours.monday: found "monday", {DAYS}'),
    ("{eu: {hours: {mon-: []}}}", f'.eu.hours.mon-: found "mon-", {DAYS}'),
    ("{eu: {hours: {mon: 08:00-12:00}}}", '.eu.hours.mon: found "08:00-12:00", expected a list'),
    ("{eu: {hours: {mon: [8:00-12:00]}}}", f'.eu.hours.mon[0]: found "8:00-12:00", {HOURS}'),
    ("{eu: {hours: {mon: [08:00-24:30]}}}", f'.eu.hours.mon[0]: found "08:00-24:30", {HOURS}'),
    ("{eu: {hours: {mon: [24:00-06:00]}}}", f'.eu.hours.mon[0]: found "24:00-06:00", {HOURS}'),
    (
        "{eu: {hours: {mon: [08:00-08:00]}}}",
        '.eu.hours.mon[0]: found "08:00-08:00", expected an end that differs from the start',
    ),
    (
        "{eu: {hours: {mon: [11:59-14:00, 08:00-12:00]}}}",
        ".eu.hours.mon: 08:00-12:00 and 11:59-14:00 overlap, expected hours apart",
    ),
    (
        "{eu: {hours: {mon: [20:00-06:00, 22:00-23:00]}}}",
        ".eu.hours.mon: 20:00-06:00 and 22:00-23:00 overlap, expected hours apart",
    ),
    (
        "{eu: {hours: {mon-thu: [08:00-12:00], wed: []}}}",
        ".eu.hours: wed is in mon-thu and in wed, expected each day once",
    ),
]

# An entry of `holidays`, and the line behind "calendars.eu.holidays[0]".
HOLIDAYS = [
    ("{country: XX}", f'.country: found "XX", {COUNTRY}'),
    ("{country: 49}", f".country: found 49, {COUNTRY}"),
    ("{country: de}", '.country: found "de", did you mean DE?'),
    ("{country: Germny}", '.country: found "Germny", did you mean DE?'),
    ("{country: UK}", '.country: found "UK", did you mean GB?'),
    (
        "{country: AT, subdivision: XX}",
        ': subdivision: found "XX", expected 1, 2, 3, 4, 5, 6, 7, 8 or 9',
    ),
    ("{country: DE, subdivision: Bayern}", ': subdivision: found "Bayern", did you mean BY?'),
    ("{country: VA, subdivision: X}", ': subdivision: found "X", expected none'),
    ("{subdivision: BY}", ": found none, expected one of country, date, ical"),
    ("{}", ": found none, expected one of country, date, ical"),
    (
        "{country: DE, date: 2026-01-01}",
        ": found country and date, expected one of country, date, ical",
    ),
    ("{country: DE, hours: []}", ": hours stands beside date only"),
    ("{date: 2026-01-01, subdivision: BY}", ": subdivision stands beside country only"),
    ("{date: 2026-02-29}", '.date: found "2026-02-29", expected a date that exists'),
    ("{date: 24.12.2026}", '.date: found "24.12.2026", expected a date such as 2026-12-24'),
    (
        "{date: 2026-12-24, hours: [08:00-12:00, 08:00-09:00]}",
        ".hours: 08:00-09:00 and 08:00-12:00 overlap, expected hours apart",
    ),
    ("{date: 2026-12-24, hour: []}", ".hour: unknown key, did you mean hours?"),
    ("{ical: none.ics}", f".ical: none.ics: No such file or directory, {ICAL}"),
    ("{ical: .}", f".ical: .: Is a directory, {ICAL}"),
    ("{ical: ''}", '.ical: found "", expected the path of an iCalendar file'),
    ('{ical: "a\\0b"}', '.ical: found "a\\u0000b", expected the path of an iCalendar file'),
]


def lines(folder: Path) -> list[str]:
    """What the user reads about the folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("target", "line"), TARGETS)
def test_a_target_is_refused_with_what_was_expected(sla: Folder, target: str, line: str) -> None:
    text = f"{CALENDAR}\npolicies:\n- name: a\n  calendar: eu\n  targets: {{resolution: {target}}}"
    assert lines(sla(text)) == [f"sla.yml:6: policies[0].targets.resolution{line}"]


@pytest.mark.parametrize(("key", "line"), POLICY_KEYS)
def test_a_key_of_a_policy_is_refused_with_what_was_expected(
    sla: Folder, key: str, line: str
) -> None:
    keys = {"name": "a", "calendar": "eu", "targets": "{pickup: 1h}"}
    name, _, value = key.partition(": ")
    policy = "\n  ".join(f"{each}: {text}" for each, text in {**keys, name: value}.items())
    path, _, _ = line.partition(":")
    (found,) = lines(sla(f"{CALENDAR}\npolicies:\n- {policy}"))
    number = 4 + list({**keys, name: value}).index(name)
    assert path.startswith(name)
    assert found == f"sla.yml:{number}: policies[0].{line}"


@pytest.mark.parametrize(("text", "line"), CALENDARS)
def test_a_calendar_is_refused_with_what_was_expected(sla: Folder, text: str, line: str) -> None:
    text = text.replace("OPEN", OPEN)
    assert lines(sla(f"calendars: {text}")) == [f"sla.yml:1: calendars{line}"]


@pytest.mark.parametrize(("entry", "line"), HOLIDAYS)
def test_a_holiday_is_refused_with_what_was_expected(sla: Folder, entry: str, line: str) -> None:
    text = f"calendars:\n  eu:\n    hours: {OPEN}\n    holidays:\n    - {entry}"
    assert lines(sla(text)) == [f"sla.yml:5: calendars.eu.holidays[0]{line}"]


def test_a_name_of_nothing_is_refused(sla: Folder) -> None:
    assert lines(sla(f"calendars: {{'': {{hours: {OPEN}}}}}")) == [
        'sla.yml:1: calendars.: found "", expected text that is not empty'
    ]


def test_what_a_policy_must_say(sla: Folder) -> None:
    assert lines(sla("policies:\n- {calendar: 24x7, targets: {}}\n- {name: b}")) == [
        "sla.yml:2: policies[0].name: missing, and it has no default",
        "sla.yml:3: policies[1].calendar: missing, and it has no default",
        "sla.yml:3: policies[1].targets: missing, and it has no default",
    ]


def test_a_policy_that_no_ticket_reaches_is_refused(sla: Folder) -> None:
    text = """policies:
- {name: dated, calendar: 24x7, effective_from: 2026-07-01, targets: {}}
- {name: all, calendar: 24x7, when: {}, targets: {}}
- {name: few, calendar: 24x7, when: {queue: x}, targets: {}}
- {name: rest, calendar: 24x7, targets: {}}
"""
    assert lines(sla(text)) == [
        'sla.yml:4: policies[2]: never reached: policies[1], "all", matches every ticket',
        'sla.yml:5: policies[3]: never reached: policies[1], "all", matches every ticket',
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        # Midnight in Berlin, written in two ways.
        ("effective_from: 2026-07-01,", "effective_from: '2026-06-30T22:00:00Z',"),
    ],
)
def test_a_name_comes_again_only_with_another_beginning(
    sla: Folder, first: str, second: str
) -> None:
    text = f"""{CALENDAR}
policies:
- {{name: a, calendar: eu, {first} when: {{queue: x}}, targets: {{}}}}
- {{name: a, calendar: eu, {second} targets: {{}}}}
"""
    assert lines(sla(text)) == [
        (
            "sla.yml:5: policies[1].name: found the name of policies[0], "
            "expected another effective_from or name"
        )
    ]


def test_versions_of_a_policy_share_its_name(sla: Folder) -> None:
    text = """policies:
- {name: a, calendar: 24x7, effective_from: 2026-07-01, targets: {pickup: 1h}}
- {name: a, calendar: 24x7, targets: {pickup: 2h}}
"""
    policies = load(sla(text)).engine.policies
    assert policies.pairs == (("a", "pickup"),)
    assert len(policies.terms) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("publish: everything", '1: publish: found "everything", expected verdicts or all'),
        ("polices: []", "1: polices: unknown key, did you mean policies?"),
        ("policies: {}", "1: policies: found a map, expected a list"),
        ("\napp: x", "2: app: stands in deskpulse.yml, move it there"),
    ],
)
def test_a_key_of_the_file_is_refused(sla: Folder, text: str, line: str) -> None:
    assert lines(sla(text)) == [f"sla.yml:{line}"]


def test_promises_do_not_stand_in_the_other_file(folder: Folder) -> None:
    assert lines(folder("policies: []\npublish: all")) == [
        "deskpulse.yml:1: policies: stands in sla.yml, move it there",
        "deskpulse.yml:2: publish: stands in sla.yml, move it there",
    ]


def test_the_mistakes_of_both_files_are_told_at_once(sla: Folder, folder: Folder) -> None:
    folder("app: desk pulse")
    found = lines(sla("calendars: {eu: {}}\npolicies:\n- {name: a, calendar: us, targets: {}}"))
    assert [line.partition(" ")[0] for line in found] == [
        "deskpulse.yml:1:",
        "sla.yml:1:",
        "sla.yml:3:",
    ]


def test_a_refused_calendar_is_not_held_against_its_policies(sla: Folder) -> None:
    """Its average day is not known, nor whether it is ever open."""
    text = """calendars: {eu: {hours: {mon: [8-12]}}}
policies:
- {name: a, calendar: eu, targets: {pickup: 1d}}
"""
    assert lines(sla(text)) == [f'sla.yml:1: calendars.eu.hours.mon[0]: found "8-12", {HOURS}']


def test_a_calendar_that_is_never_open_is_told_once(sla: Folder) -> None:
    text = "calendars: {eu: {}}\npolicies:\n- {name: a, calendar: eu, targets: {pickup: 1d}}"
    assert lines(sla(text)) == [
        "sla.yml:1: calendars.eu.hours: never open, expected hours of at least one day"
    ]
