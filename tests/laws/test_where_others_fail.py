"""What other helpdesks get wrong about their promises, and what is right, case by case.

Pictures show a ticket's life in minutes; `tests.reference.pictures` has the letters.
"""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from streams.config.loading import load
from streams.config.problems import ConfigError
from streams.core.instants import HOUR, MINUTE
from tests.laws.desks import QUESTION, REPLY, desk, one, open_clocks, read, told
from tests.laws.driving import CloudEvent, Partition, Rules
from tests.laws.instances import of_engine
from tests.reference.events import format_time, parse_time
from tests.reference.pictures import event, minute, policy, sla

SECOND = 1000


class TestDetection:
    """A verdict is a matter of event time; the timer only finds a breach early."""

    def test_resolved_after_the_deadline_but_before_anybody_looked_is_a_breach(self) -> None:
        partition = desk({"resolution": "5m"}, "C.....R")
        partition.processor.advance(minute(7))
        assert told(partition) == [("breached", 5), ("met_late", 6)]

    def test_answered_after_the_deadline_but_before_anybody_looked_is_a_breach(self) -> None:
        partition = desk({"next_reply": "5m"}, "C.....a")
        partition.processor.advance(minute(7))
        assert told(partition) == [("breached", 5), ("met_late", 6)]

    def test_an_ignored_customer_breaches_without_any_event(self) -> None:
        partition = desk({"first_response": "5m"}, "C")
        partition.processor.advance(minute(5))
        assert told(partition) == []
        assert open_clocks(partition.processor) == {"running": 1}
        partition.processor.advance(minute(5) + 1)
        assert told(partition) == [("breached", 5)]
        assert open_clocks(partition.processor) == {"breached_open": 1}
        partition.processor.settle()
        hour = partition.processor.watch.wall.windows[1]
        assert hour.totals == {("all", "first_response", "breached_open"): 1}

    def test_all_that_is_due_is_found_at_once_however_much_it_is(self) -> None:
        events = [event(0, "ticket.created", ticket=f"T{number}") for number in range(250)]
        partition = desk({"first_response": "5m"}, events)
        partition.processor.advance(minute(6))
        assert told(partition) == [("breached", 5)] * 250

    def test_each_level_is_said_once_however_often_time_is_asked_across_restarts(self) -> None:
        partition = desk({"first_response": {"within": "10m", "warn": ["50%", "2m"]}}, "C")
        for half in range(40):
            partition.processor.advance(minute(half / 2))
            partition.commit()
            partition.crash()
        assert [one.level for one in partition.said] == ["50%", "2m", ""]

    def test_a_reply_that_was_on_time_and_came_in_late_takes_the_breach_back(self) -> None:
        partition = desk({"first_response": "5m"}, "C")
        partition.processor.advance(minute(7))
        partition.commit()
        read(partition, "...a")
        partition.commit()
        breached, retracted, met = partition.said
        assert (breached.transition, met.transition, met.at) == ("breached", "met", minute(3))
        assert (retracted.transition, retracted.refers_to) == ("retracted", breached.id)

    def test_nothing_is_due_on_a_ticket_that_was_resolved_without_a_reply(self) -> None:
        partition = desk({"first_response": "5m", "next_reply": "5m"}, "C.R")
        partition.processor.advance(minute(60))
        assert told(partition) == [("met", 2), ("met", 2)]
        assert open_clocks(partition.processor) == {}

    def test_a_ticket_opened_in_the_past_counts_from_then(self) -> None:
        """An outage that was entered an hour later: what was missed was missed then."""
        partition = desk({"first_response": "5m"})
        partition.processor.advance(minute(60))
        read(partition, "C")
        assert told(partition) == [("breached", 5)]


class TestPauses:
    """A pause lasts from its event to the next one, to the millisecond."""

    PENDING: ClassVar = {"resolution": {"within": "10m", "pause": ["pending"]}}

    @pytest.mark.parametrize("processed", [3, 8, 600])
    def test_it_begins_at_its_event_not_when_that_is_read(self, processed: float) -> None:
        partition = desk(self.PENDING, "C..p")
        partition.processor.advance(minute(processed))
        read(partition, ".....O")
        partition.processor.advance(minute(600))
        assert one(partition, 600).deadline == minute(12)

    def test_seconds_count_and_two_pauses_may_begin_in_one_minute(self) -> None:
        statuses = ((60, "pending"), (70, "open"), (90, "pending"), (115, "open"))
        changes = [event(s / 60, "ticket.updated", status=status) for s, status in statuses]
        partition = desk(self.PENDING, [event(0, "ticket.created"), *changes])
        assert one(partition, 5).deadline == minute(10) + (10 + 25) * SECOND
        assert one(partition, 5).elapsed == minute(5) - minute(0) - 35 * SECOND

    def test_nothing_breaches_while_it_is_pending(self) -> None:
        partition = desk(self.PENDING, "C..p")
        partition.processor.advance(minute(10_000))
        assert told(partition) == []
        assert open_clocks(partition.processor) == {"paused": 1}

    def test_another_priority_keeps_the_pauses_so_far(self) -> None:
        targets = {"resolution": {"urgent": "20m", "normal": "10m", "pause": ["pending"]}}
        partition = desk(targets, "C")
        read(partition, ".n..p...O.u")
        assert one(partition, 10).deadline == minute(24)

    def test_a_percentage_is_of_the_budget_used_not_of_the_time_gone(self) -> None:
        target = {"within": "10m", "pause": ["pending"], "warn": ["50%"]}
        partition = desk({"resolution": target}, "C..p......O.....")
        partition.processor.advance(minute(12))
        assert told(partition) == []
        partition.processor.advance(minute(13))
        assert told(partition) == [("warned", 12)]


class TestReopening:
    """Users want opposite things, so it is an option."""

    @pytest.mark.parametrize(
        ("option", "expected"),
        [
            # Four minutes used, then one more: five of ten, due five minutes after minute 12.
            ("resume", [("running", minute(0), minute(17), 5 * MINUTE)]),
            (
                "restart",
                [
                    ("met", minute(0), minute(10), 4 * MINUTE),
                    ("running", minute(11), minute(21), MINUTE),
                ],
            ),
            ("keep_first", [("met", minute(0), minute(10), 4 * MINUTE)]),
        ],
    )
    def test_what_it_does_to_the_resolution(self, option: str, expected: list[Any]) -> None:
        partition = desk({"resolution": {"within": "10m", "on_reopen": option}}, "C...R......O")
        found = sorted(of_engine(partition.processor, minute(12)), key=lambda one: one.start)
        assert [(one.state, one.start, one.deadline, one.elapsed) for one in found] == expected

    def test_the_first_verdict_stands_also_when_another_policy_comes_later(self) -> None:
        """`on_reopen` is read at the reopening, not at the events after it."""
        first = {"resolution": {"within": "10m", "on_reopen": "keep_first"}}
        urgent = policy("urgent", {"resolution": "10m"}, when={"priority": "urgent"})
        partition = Partition(Rules.of(sla=sla(urgent, policy("all", first))).engine)
        read(partition, "C.R.O.u")
        assert (one(partition, 9).state, one(partition, 9).policy) == ("met", "all")

    def test_the_wait_after_a_reopening_is_measured_from_the_message(self) -> None:
        """Not from the creation: an answer within two minutes is no answer after days."""
        partition = desk({"next_reply": "5m"}, "C.a.R")
        day = 24 * 60
        read(
            partition,
            [
                event(5 * day, "ticket.replied", **QUESTION),
                event(5 * day + 1, "ticket.updated", status="open"),
                event(5 * day + 2, "ticket.replied", **REPLY),
            ],
        )
        *_, last = sorted(of_engine(partition.processor), key=lambda one: one.start)
        assert (last.state, last.elapsed) == ("met", 2 * MINUTE)


NIGHT = {"nights": {"timezone": "Europe/Berlin", "hours": {"mon-sun": ["22:00-06:00"]}}}
SHIFTS = {"shifts": {"timezone": "UTC", "hours": {"mon-sun": ["08:00-12:00", "13:00-17:00"]}}}


def created(time: str) -> CloudEvent:
    """A ticket that begins at this time."""
    return {**event(0, "ticket.created"), "time": time}


class TestCalendars:
    """Open time is counted in UTC, by the clock of the place where people work."""

    @pytest.mark.parametrize(
        ("evening", "morning", "hours"),
        [
            ("2024-03-29T21:00:00Z", "2024-03-30T05:00:00Z", 8),
            # To summer time: one hour of the night does not exist; in autumn one is twice.
            ("2024-03-30T21:00:00Z", "2024-03-31T04:00:00Z", 7),
            ("2024-10-26T20:00:00Z", "2024-10-27T05:00:00Z", 9),
        ],
    )
    def test_a_night_shift_has_as_many_hours_as_it_has(
        self, evening: str, morning: str, hours: int
    ) -> None:
        within = {"resolution": f"{hours}h"}
        partition = desk(within, [created(evening)], calendar="nights", calendars=NIGHT)
        (found,) = of_engine(partition.processor, parse_time(morning))
        assert (found.deadline, found.elapsed) == (parse_time(morning), hours * HOUR)

    def test_a_calendar_without_an_open_day_is_refused_before_it_is_used(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "sla.yml").write_text("calendars: {never: {timezone: UTC, hours: {}}}\n")
        with pytest.raises(ConfigError, match="never open, expected hours of at least one day"):
            load(tmp_path)

    def test_the_lunch_break_does_not_count_and_nothing_is_due_at_midnight(self) -> None:
        begun = [created("2024-03-04T11:00:00Z")]
        partition = desk({"resolution": "6h"}, begun, calendar="shifts", calendars=SHIFTS)
        (found,) = of_engine(partition.processor, parse_time("2024-03-04T23:00:00Z"))
        assert (found.state, found.elapsed) == ("running", 5 * HOUR)
        assert format_time(found.deadline or 0) == "2024-03-05T09:00:00Z"

    def test_round_the_clock_is_not_closed_for_a_minute_at_midnight(self) -> None:
        partition = desk({"resolution": "48h"}, [created("2024-03-04T11:00:00Z")])
        (found,) = of_engine(partition.processor, parse_time("2024-03-06T10:59:59Z"))
        assert (found.state, found.elapsed) == ("running", 48 * HOUR - SECOND)
        assert format_time(found.deadline or 0) == "2024-03-06T11:00:00Z"

    def test_deadlines_and_windows_follow_an_edited_calendar(self) -> None:
        begun = [created("2024-03-04T11:00:00Z")]
        partition = desk({"resolution": "6h"}, begun, calendar="shifts", calendars=SHIFTS)
        longer = {"shifts": {"timezone": "UTC", "hours": {"mon-sun": ["08:00-20:00"]}}}
        edited = desk({"resolution": "6h"}, calendar="shifts", calendars=longer)
        partition.reconfigure(edited.settings)
        (found,) = of_engine(partition.processor)
        assert format_time(found.deadline or 0) == "2024-03-04T17:00:00Z"


class TestWhoseClock:
    """Which clocks a ticket has, and what starts and stops each."""

    @pytest.mark.parametrize(
        "message",
        [
            {"author": {"id": "b1", "role": "bot"}, "visibility": "public"},
            {"author": {"id": "a1", "role": "agent"}, "visibility": "private"},
            {"author": {"id": "a1", "role": "agent"}, "visibility": "public", "automatic": True},
            {"author": {"id": "s1", "role": "system"}, "visibility": "public"},
        ],
    )
    def test_bots_notes_and_automatic_mail_are_no_response(self, message: dict[str, Any]) -> None:
        partition = desk({"first_response": "5m"}, "C")
        read(partition, [event(1, "ticket.replied", **message)])
        assert one(partition, 2).state == "running"

    def test_a_reply_and_a_new_status_in_one_step_are_a_response(self) -> None:
        partition = desk({"first_response": "5m"}, "C..p")
        read(partition, [event(3, "ticket.replied", **REPLY)])
        assert one(partition, 9).state == "met"

    def test_updates_do_not_stand_in_for_the_first_response(self) -> None:
        partition = desk({"first_response": "2m", "periodic_update": "5m"}, "C...a..a")
        assert [(one.clock, one.state) for one in of_engine(partition.processor, minute(8))] == [
            ("first_response", "breached_closed"),
            ("periodic_update", "met"),
            ("periodic_update", "running"),
        ]

    def test_every_round_counts_not_only_the_longest_or_the_last(self) -> None:
        found = of_engine(desk({"next_reply": "5m"}, "C......a.m.a.m..a").processor)
        assert sorted((one.state, one.elapsed // MINUTE) for one in found) == [
            ("breached_closed", 7),
            ("met", 2),
            ("met", 3),
        ]

    def test_what_only_urgent_tickets_are_promised_escalates_no_other_one(self) -> None:
        urgent = {"resolution": {"urgent": "5m"}}
        normal = desk(urgent, "C.n......")
        normal.processor.advance(minute(60))
        assert (told(normal), of_engine(normal.processor)) == ([], [])
        escalated = desk(urgent, "C.u......")
        escalated.processor.advance(minute(60))
        assert told(escalated) == [("breached", 5)]

    def test_a_promise_that_is_given_up_leaves_no_ticket_overdue(self) -> None:
        partition = desk({"resolution": "5m"}, "C")
        partition.processor.advance(minute(6))
        partition.commit()
        partition.reconfigure(desk({"first_response": "1h"}).settings)
        partition.commit()
        assert [one.transition for one in partition.said] == ["breached", "retracted"]
        assert open_clocks(partition.processor) == {"running": 1}

    def test_spam_and_merged_tickets_owe_nothing_until_they_are_restored(self) -> None:
        partition = desk({"first_response": "5m"}, "C.D")
        partition.processor.advance(minute(60))
        assert told(partition) == [("cancelled", 2)]
        read(partition, [event(61, "ticket.restored")])
        partition.processor.advance(minute(62))
        assert told(partition) == [("resumed", 61), ("breached", 61)]

    def test_the_budget_is_split_by_the_teams_that_used_it(self) -> None:
        (found,) = of_engine(desk({"resolution": "10m"}, "Cx..y......R").processor)
        by_queue = {value: ms // MINUTE for part, value, ms in found.spent if part == "queue"}
        assert by_queue == {"": 1, "x": 3, "y": 7}
