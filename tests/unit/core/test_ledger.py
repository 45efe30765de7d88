"""Ledgers worked out by hand: each interval of a clock's life, its rule and its time.

Pictures show a ticket's life in minutes (`tests.reference.pictures` has the letters).
"""

from typing import Any

import pytest

from streams.core import clocks as ck
from streams.core.clocks import Entry
from streams.core.events import Redaction
from streams.core.instants import DAY, parse_rfc3339
from streams.core.ledger import Account, Ledger, Rule, ledger, ticket_at
from streams.core.processor import Processor
from streams.core.record import Record, squash
from streams.core.report import TooOldError
from streams.core.settings import Settings
from streams.wire import packing
from tests import promised
from tests.laws.driving import decoded
from tests.reference.pictures import MIDNIGHT, MINUTE_MS, life, named, policy, sla

RUNNING, CLOSED, PAUSED, STOPPED = Rule.RUNNING, Rule.CLOSED, Rule.PAUSED, Rule.STOPPED
Drawn = tuple[float, float, Rule, float]
"""(from, to, rule, counted), minutes."""


def settings(rules: dict[str, Any], **more: Any) -> Settings:
    return Settings(policies=promised.policies(rules), **more)


def recorded(events: list[dict[str, Any]], chosen: Settings) -> Record:
    processor = Processor(chosen, packing)
    processor.apply(list(enumerate(decoded(events, chosen))))
    return processor.records[events[0]["subject"]]


def explained(events: list[dict[str, Any]], rules: dict[str, Any], as_of: int) -> Ledger:
    chosen = settings(rules)
    return ledger(recorded(events, chosen), chosen, packing, as_of)


def drawn(picture: str, clock: str = "resolution", **terms: Any) -> Account:
    """The only instance of a picture, as of its last column; the target is 5 minutes."""
    as_of = MIDNIGHT + (len(picture) - 1) * MINUTE_MS
    (account,) = explained(life(picture), named(clock, **terms), as_of).accounts
    return account


def intervals(account: Account) -> list[Drawn]:
    return [
        (_minute(line.start), _minute(line.end), line.rule, line.counted / MINUTE_MS)
        for line in account.lines
    ]


def _minute(at: int) -> float:
    return (at - MIDNIGHT) / MINUTE_MS


@pytest.mark.parametrize(
    ("picture", "terms", "expected"),
    [
        ("C...", {}, [(0, 3, RUNNING, 3)]),
        ("C.p..O.", {"pause": ["pending"]},
         [(0, 2, RUNNING, 2), (2, 5, PAUSED, 0), (5, 6, RUNNING, 1)]),
        ("C.p..O.", {"pause": []}, [(0, 2, RUNNING, 2), (2, 5, RUNNING, 3), (5, 6, RUNNING, 1)]),
        ("C.R..O.R", {}, [(0, 2, RUNNING, 2), (2, 5, STOPPED, 0), (5, 7, RUNNING, 2)]),
        ("C.R..O.R", {"on_reopen": "keep_first"}, [(0, 2, RUNNING, 2)]),
        ("C.D..", {}, [(0, 2, RUNNING, 2), (2, 4, Rule.DELETED, 0)]),
        ("C.D.U.", {}, [(0, 5, RUNNING, 5)]),
        ("C.M.", {}, [(0, 2, RUNNING, 2), (2, 3, Rule.DELETED, 0)]),
        ("C.D.R.", {}, [(0, 2, RUNNING, 2), (2, 4, Rule.DELETED, 0)]),
    ],
)  # fmt: skip
def test_an_interval_begins_where_something_changes_for_the_clock(
    picture: str, terms: dict[str, Any], expected: list[Drawn]
) -> None:
    account = drawn(picture, **terms)
    assert intervals(account) == expected
    assert account.used == sum(minutes for *_, minutes in expected) * MINUTE_MS


def test_a_clock_that_stops_at_once_has_no_interval_and_used_nothing() -> None:
    account = drawn("R..C..", "first_response")
    assert (account.lines, account.used, account.state) == ((), 0, ck.MET)
    assert account.stopped is not None
    assert account.stopped.type == "ticket.created"


def test_each_interval_names_the_event_that_began_it() -> None:
    account = drawn("C.p..O.R..O.R", pause=["pending"])
    assert [line.cause and _minute(line.cause.at) for line in account.lines] == [0, 2, 5, 7, 10]
    assert [line.cause and line.cause.type for line in account.lines] == [
        "ticket.created",
        *["ticket.updated"] * 4,
    ]
    assert account.stopped is not None
    assert (account.stopped.at, account.stop) == (account.until, account.until)


def test_a_message_on_a_resolved_ticket_starts_its_line_at_its_own_time() -> None:
    found = explained(life("C.R.m..O."), named("next_reply"), MIDNIGHT + 8 * MINUTE_MS)
    last = found.accounts[-1]
    assert last.started.type == "ticket.replied"
    assert intervals(last) == [(4, 7, RUNNING, 3), (7, 8, RUNNING, 1)]


def test_queue_status_and_assignee_share_what_was_used() -> None:
    account = drawn("C..xAy.O...R")
    assert account.spent == {
        "queue": {"": 3 * MINUTE_MS, "x": 2 * MINUTE_MS, "y": 6 * MINUTE_MS},
        "status": {"new": 7 * MINUTE_MS, "open": 4 * MINUTE_MS},
        "assignee": {"": 4 * MINUTE_MS, "a1": 7 * MINUTE_MS},
    }


def test_everything_is_counted_under_the_terms_in_force_and_the_earlier_ones_are_told() -> None:
    """Urgent pauses nowhere: the pause that was is counted after all."""
    rules = sla(
        policy("urgent", {"resolution": {"within": "4m"}}, when={"priority": ["urgent"]}),
        policy("rest", {"resolution": {"within": "9m", "pause": ["pending"]}}),
    )
    (account,) = explained(life("C.p...u."), rules, MIDNIGHT + 7 * MINUTE_MS).accounts
    assert intervals(account) == [(0, 2, RUNNING, 2), (2, 7, RUNNING, 5)]
    assert account.policy == "urgent"
    assert [(held.policy, _minute(held.at)) for held in account.held] == [
        ("rest", 0),
        ("urgent", 6),
    ]
    assert account.terms is account.held[-1].terms
    assert account.matched is not None
    assert [(m.condition.attribute, m.value) for m in account.matched] == [("priority", "urgent")]
    assert (account.state, account.deadline) == (ck.BREACHED_OPEN, MIDNIGHT + 4 * MINUTE_MS)
    assert account.first_deadline == MIDNIGHT + 9 * MINUTE_MS
    assert account.log == (Entry(ck.BREACHED, "", MIDNIGHT + 6 * MINUTE_MS),)


def test_a_clock_that_no_policy_names_any_more_is_owed_until_then() -> None:
    rules = sla(policy("urgent", {"resolution": "9m"}, when={"priority": ["urgent"]}))
    (account,) = explained(life("Cu..n.."), rules, MIDNIGHT + 6 * MINUTE_MS).accounts
    assert intervals(account) == [
        (0, 4, RUNNING, 4),
        (4, 6, Rule.UNNAMED, 0),
    ]
    assert (account.state, account.matched) == (ck.CANCELLED, None)


def test_warn_levels_have_the_instant_at_which_so_much_is_used() -> None:
    account = drawn("C.p..O.", pause=["pending"], warn=["20%", "80%"], within="5m")
    assert [(level.level, level.at and _minute(level.at)) for level in account.levels] == [
        ("20%", 1),
        ("80%", 7),
    ]
    assert account.deadline == MIDNIGHT + 8 * MINUTE_MS


def test_a_paused_clock_does_not_know_when_the_next_level_is_reached() -> None:
    account = drawn("C.p..", pause=["pending"], warn=["20%", "80%"])
    assert [level.at and _minute(level.at) for level in account.levels] == [1, None]
    assert account.deadline is None


# -- calendars --------------------------------------------------------------------------------

OFFICE = {
    "calendars": {
        "office": {
            "timezone": "Europe/Berlin",
            "hours": {"mon-fri": ["08:00-12:00", "13:00-18:00"]},
            "holidays": [{"date": "2026-05-14"}, {"date": "2026-05-15", "hours": ["08:00-10:00"]}],
        }
    },
    "policies": [{"name": "p", "calendar": "office", "targets": {"resolution": {"within": "9h"}}}],
}


def at_office(start: str, end: str) -> Account:
    """The resolution clock of a ticket that was created at `start`, as of `end`."""
    created = {
        "specversion": "1.0", "id": "1", "source": "desk/a", "type": "ticket.created",
        "subject": "T1", "time": start, "data": {},
    }  # fmt: skip
    (account,) = explained([created], OFFICE, parse_rfc3339(end)).accounts
    return account


@pytest.mark.parametrize(
    ("start", "end", "hours", "open_intervals"),
    [
        # Wednesday, over the lunch break.
        ("2026-05-13T11:00:00+02:00", "2026-05-13T14:30:00+02:00", 2.5, 2),
        # From Wednesday over a holiday and half of another one to Monday.
        ("2026-05-13T17:00:00+02:00", "2026-05-18T09:00:00+02:00", 4, 3),
        # Summer time begins on a Sunday night, and takes nothing from a working day.
        ("2026-03-27T17:00:00+01:00", "2026-03-30T09:00:00+02:00", 2, 2),
    ],
)
def test_the_open_time_of_an_interval_is_listed(
    start: str, end: str, hours: float, open_intervals: int
) -> None:
    (line,) = at_office(start, end).lines
    assert (line.rule, line.counted) == (RUNNING, hours * 60 * MINUTE_MS)
    assert len(line.open) == open_intervals
    assert sum(until - since for since, until in line.open) == line.counted


def test_an_interval_without_open_time_is_closed() -> None:
    (line,) = at_office("2026-05-16T11:00:00+02:00", "2026-05-17T14:30:00+02:00").lines
    assert (line.rule, line.counted, line.open) == (CLOSED, 0, ())


# -- records that are not whole any more --------------------------------------------------------


def test_what_is_squashed_keeps_its_lines_and_loses_its_events() -> None:
    chosen = settings(named("resolution", pause=["pending"]))
    record = recorded(life("C.p..O..."), chosen)
    before = ledger(record, chosen, packing, MIDNIGHT + 8 * MINUTE_MS)
    squash(record, chosen, packing, MIDNIGHT + 4 * MINUTE_MS)
    after = ledger(record, chosen, packing, MIDNIGHT + 8 * MINUTE_MS)
    assert after.kept_from == MIDNIGHT + 4 * MINUTE_MS
    (was,), (now,) = before.accounts, after.accounts
    assert intervals(now) == intervals(was)
    assert [line.cause is None for line in now.lines] == [True, True, False]
    assert (now.started.id, now.started.type) == (was.started.id, None)
    assert (now.policy, now.terms) == (was.policy, was.terms)


def test_an_instant_within_what_is_squashed_is_refused() -> None:
    chosen = settings(named("resolution"))
    record = recorded(life("C.p..O..."), chosen)
    squash(record, chosen, packing, MIDNIGHT + 4 * MINUTE_MS)
    for look in (ledger, ticket_at):
        with pytest.raises(TooOldError, match="2024-03-01T00:02:00Z"):
            look(record, chosen, packing, MIDNIGHT + MINUTE_MS)


def test_what_stood_before_the_timeline_that_is_kept_is_one_sum() -> None:
    chosen = settings(named("resolution", on_reopen="restart"))
    record = recorded(life("C..R.O..R.O"), chosen)
    squash(record, chosen, packing, MIDNIGHT + 11 * MINUTE_MS)
    # A ticket that flaps without end loses the oldest part of its timeline (MAX_TIMELINE).
    base = packing.loads(record.checkpoint)
    base["ticket"]["timeline"] = base["ticket"]["timeline"][-1:]
    record.checkpoint = packing.dumps(base)
    first, second, third = ledger(record, chosen, packing, MIDNIGHT + 12 * MINUTE_MS).accounts
    assert intervals(first) == [(0, 3, Rule.SQUASHED, 3)]
    assert intervals(second) == [(5, 8, Rule.SQUASHED, 3)]
    assert intervals(third) == [(10, 12, RUNNING, 2)]


def test_what_other_policies_decided_before_the_history_kept_is_one_sum() -> None:
    chosen = settings(named("resolution", warn=["50%"]))
    record = recorded(life("C..R......"), chosen)
    squash(record, chosen, packing, MIDNIGHT + 9 * MINUTE_MS)
    edited = settings(named("resolution", warn=["80%"]))
    (account,) = ledger(record, edited, packing, MIDNIGHT + 9 * MINUTE_MS).accounts
    assert (account.state, account.terms, account.levels) == (ck.MET, None, ())
    assert intervals(account) == [(0, 3, Rule.SQUASHED, 3)]


def test_a_redacted_ticket_is_explained_without_names() -> None:
    chosen = settings(named("resolution"))
    processor = Processor(chosen, packing)
    arrivals = [*decoded(life("C.A.."), chosen), Redaction("T1")]
    processor.apply(list(enumerate(arrivals)))
    found = ledger(processor.records["T1"], chosen, packing, MIDNIGHT + 9 * MINUTE_MS)
    (account,) = found.accounts
    assert account.state == ck.CANCELLED
    assert all(line.cause is None and line.stretch for line in account.lines[1:])
    assert {line.stretch.assignee for line in account.lines if line.stretch} == {None}


def test_a_forgotten_ticket_is_explained_as_of_the_instant_it_was_dropped() -> None:
    found = explained(life("C.."), named("resolution"), MIDNIGHT + 500 * DAY)
    assert found.as_of == MIDNIGHT + 400 * DAY + 1
    assert found.accounts[0].used == 400 * DAY + 1


def test_before_the_first_event_there_is_nothing() -> None:
    found = explained(life("C.."), named("resolution"), MIDNIGHT - 1)
    assert (found.ticket.first_at, found.accounts) == (None, ())
