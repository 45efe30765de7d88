"""The catalogue where its definitions leave room: worked out by hand, for engine and model alike.

A picture shows one ticket's life, one column a minute (`tests.reference.pictures`):

    C c  created by the requester, by an agent      a m b  reply of an agent, a requester, a bot
    R O  resolved, (re)opened                       A B 1  assigned to a1, to a2, to nobody
    x y  into queue x, into queue y                 K q    a complaint, a question

What is decided here stands in docs/decisions/0016-catalogue-at-the-edges.md.
"""

from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.core.report import report
from streams.wire import packing
from tests.laws.catalogues import Report, figures, of_engine, of_reference
from tests.laws.driving import CloudEvent, Rules, engine
from tests.reference.pictures import MINUTE_MS, event, life, minute

HOUR, DAY = 60, 24 * 60
REPLY: dict[str, Any] = {"author": {"id": "a1", "role": "agent"}, "visibility": "public"}
BERLIN, AZORES = ZoneInfo("Europe/Berlin"), ZoneInfo("Atlantic/Azores")


def kpis(drawn: str, **chosen: Any) -> Report:
    """The KPIs of one drawn ticket."""
    found: Report = figures(life(drawn), **chosen)["kpis"]
    return found


def answer(at: float, score: float, *, survey: str = "s1", **more: Any) -> CloudEvent:
    """An answer to a CSAT survey on a scale of 1 to 5, if `more` does not say otherwise."""
    given = {"kind": "csat", "scale": {"min": 1, "max": 5}, **more}
    return event(at, "survey.responded", survey=survey, score=score, **given)


def on(day: int, hour: int, minutes: int = 0) -> float:
    """The minute of a time in March 2024, UTC."""
    return (day - 1) * DAY + hour * HOUR + minutes


class TestFirstContact:
    @pytest.mark.parametrize(
        ("picture", "first_contacts"),
        [
            ("C.a.R", 1),
            ("CAa.R", 1),
            ("C.R", 0),  # no touch
            ("C.aaR", 0),  # two touches
            ("CABaR", 0),  # two assignees
            ("CA1aR", 1),  # of which one is nobody
            ("C.a.R.a", 1),  # what comes after the resolution is no touch before it
            ("C.a.R....O", 1),  # reopened after 5 minutes, one more than the window
            ("C.a.R...O", 0),  # after exactly the window
            ("C.a.R..O.R", 0),  # also if it is resolved again
        ],
    )
    def test_one_touch_one_assignee_and_not_reopened_within_the_window(
        self, picture: str, first_contacts: int
    ) -> None:
        fcr = kpis(picture, fcr_window_ms=4 * MINUTE_MS)["fcr"]
        assert (fcr["judged"], fcr["first_contact"]) == (1, first_contacts)

    @pytest.mark.parametrize(("later_ms", "provisional"), [(0, 1), (1, 0)])
    def test_the_verdict_is_final_after_the_window(self, later_ms: int, provisional: int) -> None:
        """A reopening at the last instant of the window would still count."""
        window = 4 * MINUTE_MS
        now = minute(4) + window + later_ms
        fcr = figures(life("C.a.R"), now, fcr_window_ms=window)["kpis"]["fcr"]
        assert (fcr["value"], fcr["judged"]) == (1, 1)
        assert fcr["provisional"] == {"first_contact": provisional, "judged": provisional}

    def test_what_is_provisional_is_told_by_every_label_and_period(self) -> None:
        """One resolved in x two days ago, one in y just now; the window is a day."""
        events = [
            each
            for day, queue in ((0, "x"), (2, "y"))
            for each in (
                event(day * DAY, "ticket.created", ticket=queue, queue=queue),
                event(day * DAY + 1, "ticket.replied", ticket=queue, **REPLY),
                event(day * DAY + 2, "ticket.updated", ticket=queue, status="resolved"),
            )
        ]
        found = figures(events, fcr_window_ms=DAY * MINUTE_MS, mature_after_ms=DAY * MINUTE_MS)
        rows = [*(found["by"]["queue"][name] for name in "xy"), *found["periods"]["day"].values()]
        for row, number in zip(rows, (0, 1, 0, 1), strict=True):
            kpis = row["kpis"]
            assert kpis["fcr"]["provisional"] == {"first_contact": number, "judged": number}
            share = kpis["resolved_share"]["provisional"]
            assert share["resolved"] == number
        assert found["by"]["queue"]["x"]["kpis"]["fcr"]["first_contact"] == 1

    @pytest.mark.parametrize(
        ("picture", "first_contacts"),
        [
            ("C.m.a.m.a.R", 1),  # 2 minutes between two messages
            ("C.m..a.m.aR", 0),  # 3 minutes are the gap: two contacts
            ("C.R", 1),  # the call is the creation, and nobody writes
            ("C...R", 1),
            ("C.b.b.b..R", 1),  # bots talk, too
        ],
    )
    def test_where_people_talk_one_contact_is_any_number_of_messages_close_together(
        self, picture: str, first_contacts: int
    ) -> None:
        events = [*life(picture), event(0.5, "ticket.updated", channel="chat")]
        fcr = figures(events, contact_gap_ms=3 * MINUTE_MS)["kpis"]["fcr"]
        assert fcr["first_contact"] == first_contacts

    def test_it_is_unavailable_where_a_source_sends_no_replies(self) -> None:
        fcr = kpis("C.O.R", sources=[("*", {"response_signal": "left_new"})])["fcr"]
        assert (fcr["value"], fcr["judged"], fcr["unavailable"]) == (None, 0, 1)


class TestRepeats:
    @staticmethod
    def again(minutes: float, **second: Any) -> Report:
        """A ticket resolved at first contact after 2 minutes, and another one created later."""
        topic = {"requester": "r1", "category": "login"}
        windows = dict.fromkeys(("repeat_window_ms", "fcr_window_ms"), 5 * MINUTE_MS)
        events = [
            event(0, "ticket.created", **topic),
            event(1, "ticket.replied", **REPLY),
            event(2, "ticket.updated", status="resolved"),
            event(minutes, "ticket.created", ticket="T2", **{**topic, **second}),
        ]
        found: Report = figures(events, **windows)["kpis"]
        return found

    @pytest.mark.parametrize(
        ("minutes", "repeats", "repeated"),
        [
            (2, 1, 0),  # at the instant of the resolution: a repeat, but nothing came after it
            (3, 1, 1),
            (7, 1, 1),  # at the end of both windows
            (7.5, 0, 0),
            (1, 0, 0),  # before the resolution
        ],
    )
    def test_a_requester_who_comes_again_within_the_window(
        self, minutes: float, repeats: int, repeated: int
    ) -> None:
        found = self.again(minutes)
        assert (found["repeat_contacts"]["repeat"], found["fcr"]["repeated"]) == (repeats, repeated)
        assert found["fcr"]["value"] == 1 - repeated

    @pytest.mark.parametrize(
        "second", [{"requester": "r2"}, {"category": "other"}, {"category": None}]
    )
    def test_somebody_else_or_about_something_else_is_no_repeat(
        self, second: dict[str, str | None]
    ) -> None:
        found = self.again(3, **second)
        assert (found["repeat_contacts"]["repeat"], found["fcr"]["repeated"]) == (0, 0)

    def test_a_ticket_may_repeat_one_whose_creation_nobody_saw(self) -> None:
        topic = {"requester": "r1", "category": "login"}
        orphan = event(0, "ticket.updated", status="resolved", **topic)
        found = figures([orphan, event(1, "ticket.created", ticket="T2", **topic)])["kpis"]
        assert found["repeat_contacts"]["repeat"] == 1


class TestStations:
    @pytest.mark.parametrize(
        ("picture", "queues", "assignees", "people"),
        [
            ("CxAR", 1, 1, 1),
            ("CxyxABAR", 3, 3, 2),
            ("Cx0xA1AR", 1, 1, 1),  # cleared and set again is the same station
            ("Cx0yA1BR", 2, 2, 2),
            ("CxARyB", 1, 1, 1),  # what comes after the resolution counts for the next one
            ("CR", 0, 0, 0),
        ],
    )
    def test_stations_up_to_the_resolution(
        self, picture: str, queues: int, assignees: int, people: int
    ) -> None:
        found = kpis(picture)
        names = ("queue_stations", "assignee_stations", "unique_assignees")
        assert [found[name]["value"] for name in names] == [queues, assignees, people]

    def test_at_department_level_a_move_within_the_department_is_none_nor_an_escalation(
        self,
    ) -> None:
        queues = {"x": {"department": "d"}, "y": {"department": "d", "tier": 2}, "z": {"tier": 3}}
        events = [*life("Cxy"), event(4, "ticket.updated", queue="z", status="resolved")]
        by_queue = figures(events, queues=queues)["kpis"]
        assert (
            by_queue["transfers_per_ticket"]["value"],
            by_queue["escalation_rate"]["value"],
        ) == (
            2,
            1,
        )
        found = figures(events, queues=queues, transfer_level="department")["kpis"]
        assert found["transfer_rate"]["pairs"] == [{"from": "y", "to": "z", "transfers": 1}]
        assert (found["escalation_rate"]["escalations"], found["transfer_rate"]["value"]) == (1, 1)


class TestCohorts:
    @pytest.mark.parametrize(
        ("picture", "resolved"),
        [("C.R", 1), ("C.R...O...R", 0), ("C.R....O..R", 1), ("C.R....O", 0)],
    )
    def test_reopened_within_the_window_is_dropped_where_the_settings_say_so(
        self, picture: str, resolved: int
    ) -> None:
        """Within 4 minutes after the resolution it undoes, the last one included."""
        found = kpis(picture, fcr_window_ms=4 * MINUTE_MS, count_reopened=False)
        assert found["resolved_share"]["value"] == resolved

    def test_resolved_before_its_creation_counts_under_the_labels_of_the_creation(self) -> None:
        """One source is ahead of the other: the resolution stands before the creation."""
        events = [*life("R"), event(2, "ticket.created", queue="x", assignee="a1")]
        by = figures(events)["by"]
        for where in (by["queue"]["x"], by["agent"]["a1"]):
            assert where["kpis"]["resolved_share"]["value"] == 1
            assert where["kpis"]["same_day_share"]["value"] == 1

    def test_an_agents_cohort_are_the_tickets_created_with_them(self) -> None:
        """Whoever resolves them: no agent resolves more of a cohort than was created in it."""
        events = [
            event(0, "ticket.created", assignee="a1", kind="complaint"),
            event(1, "ticket.updated", assignee="a2", status="resolved"),
        ]
        by_agent = figures(events)["by"]["agent"]
        for name in ("resolved_share", "same_day_share", "conflict_resolved_share"):
            assert by_agent["a1"]["kpis"][name]["value"] == 1
            assert name not in by_agent["a2"]["kpis"]
        assert by_agent["a2"]["tickets"]["resolved"] == 1

    @pytest.mark.parametrize(
        ("age_ms", "provisional"), [(2 * MINUTE_MS - 1, 1), (2 * MINUTE_MS, 0)]
    )
    def test_a_cohort_is_provisional_until_it_is_mature(
        self, age_ms: int, provisional: int
    ) -> None:
        found = figures(life("CR"), minute(0) + age_ms, mature_after_ms=2 * MINUTE_MS)["kpis"]
        assert found["resolved_share"]["provisional"]["created"] == provisional

    def test_where_nothing_is_resolved_yet_its_share_of_all_is_0(self) -> None:
        of_all = figures(life("Cx"))["by"]["queue"]["x"]["kpis"]["resolved_of_all"]
        assert (of_all["value"], of_all["active"], of_all["resolved"]) == (0, 1, 0)


class TestBots:
    @pytest.mark.parametrize(
        ("picture", "contained"),
        [
            ("C.b.R", 1),
            ("C.b.a.R", 0),
            ("C.b.R.a", 1),  # a person who writes later took nothing over
            ("C.b.R.O.R", 0),
            ("C.R.b", 0),  # the bot had no part in it
            ("C.b", 0),
        ],
    )
    @pytest.mark.parametrize("count_bots", [False, True])
    def test_contained_is_resolved_once_with_a_bot_and_without_a_person(
        self, picture: str, contained: int, count_bots: bool
    ) -> None:
        found = kpis(picture, count_bots=count_bots)["bot_containment"]
        assert (found["with_bot"], found["contained"]) == (1, contained)

    @pytest.mark.parametrize(
        ("picture", "minutes"),
        [
            ("C.b...a", 6),
            ("C.b.m...a.a", 4),
            ("C.b.m.b...a", 6),
            ("C.a.b.a", None),  # taken over before there was a bot
            ("c.b.a", None),  # nobody asked
        ],
    )
    @pytest.mark.parametrize("count_bots", [False, True])
    def test_the_hand_over_is_the_wait_for_a_person(
        self, picture: str, minutes: int | None, count_bots: bool
    ) -> None:
        found = figures(life(picture), count_bots=count_bots)["durations"]["handover"]
        assert (found["count"], found["sum_s"]) == (
            (0, 0) if minutes is None else (1, 60 * minutes)
        )


class TestSurveys:
    def test_a_replaced_low_score_was_never_there(self) -> None:
        r"""Answered low, then high; the reply in between follows nothing up any more.

        low ---- a ---- high
        """
        found = figures([answer(0, 1), *life(".a"), answer(2, 5)])
        assert found["kpis"]["low_score_follow_up"]["low_scores"] == 0
        assert found["kpis"]["csat"]["value"] == 1
        assert found["durations"]["follow_up"]["count"] == 0

    def test_a_low_score_that_replaces_another_waits_anew(self) -> None:
        found = figures([answer(0, 1), *life("..a"), answer(3, 2), *life("....a")[-1:]])
        assert found["kpis"]["low_score_follow_up"]["low_scores"] == 1
        assert found["durations"]["follow_up"]["sum_s"] == 60

    @pytest.mark.parametrize(("late", "followed"), [(0, 1), (1, 0)])
    def test_followed_up_is_a_reply_within_24_hours(self, late: float, followed: int) -> None:
        reply = event(DAY + late, "ticket.replied", **REPLY)
        found = figures([answer(0, 1), reply])
        assert found["kpis"]["low_score_follow_up"]["followed_up"] == followed
        assert found["durations"]["follow_up"]["count"] == 1

    @pytest.mark.parametrize(
        ("score", "scale", "satisfied", "low"),
        [
            (4, (1, 5), 1, 0),
            (3, (1, 5), 0, 0),
            (2, (1, 5), 0, 1),
            (5, (1, 7), 1, 0),
            (3, (1, 7), 0, 1),  # a third of the range is within it
            (4, (1, 7), 0, 0),
            (1, (-3, 3), 1, 0),
            (6, (1, 10), 0, 0),  # min + 2/3 of the range is 7,
            (6, (0, 10), 1, 0),  # or what the settings say of a scale
        ],
    )
    def test_satisfied_and_low_on_any_scale(
        self, score: int, scale: tuple[int, int], satisfied: int, low: int
    ) -> None:
        given = answer(0, score, scale=dict(zip(("min", "max"), scale, strict=True)))
        found = figures([given], satisfied={(0.0, 10.0): 6.0})["kpis"]
        assert found["csat"]["satisfied"] == satisfied
        assert found["low_score_follow_up"]["low_scores"] == low

    def test_nps_shows_its_passives_and_counts_detractors_as_low(self) -> None:
        ten = {"min": 0, "max": 10}
        events = [answer(n, n, survey=f"s{n}", kind="nps", scale=ten) for n in range(11)]
        found = figures(events)["kpis"]
        assert (found["nps"]["promoters"], found["nps"]["detractors"]) == (2, 7)
        assert found["nps"]["value"] == pytest.approx(-500 / 11)
        assert found["nps_passives"]["value"] == pytest.approx(2 / 11)
        assert found["low_score_follow_up"]["low_scores"] == 7

    @pytest.mark.parametrize(("direction", "ces", "low"), [("high_easy", 2, 1), ("low_easy", 6, 0)])
    def test_effort_is_reported_on_a_scale_of_1_to_7_on_which_7_is_easy(
        self, direction: str, ces: int, low: int
    ) -> None:
        given = answer(0, 2, kind="ces", scale={"min": 1, "max": 7})
        found = figures([given], ces_direction=direction)["kpis"]
        assert (found["ces"]["value"], found["low_score_follow_up"]["low_scores"]) == (ces, low)

    def test_an_answer_belongs_to_its_agent_or_else_to_who_resolved_or_else_has_the_ticket(
        self,
    ) -> None:
        sent = event(5, "survey.sent", survey="s2", kind="csat")
        given = [
            answer(1, 4),
            sent,
            answer(6, 4, survey="s2"),
            answer(7, 1, survey="s3", agent="a9"),
        ]
        by_agent = figures([*life("A.  R"), event(4.5, "ticket.updated", assignee="a2"), *given])[
            "by"
        ]["agent"]
        responses = {agent: row["kpis"].get("csat", {}) for agent, row in by_agent.items()}
        assert (responses["a1"]["responses"], responses["a9"]["responses"]) == (2, 1)
        assert by_agent["a1"]["kpis"]["csat_response_rate"]["value"] == 1


class TestConflicts:
    @pytest.mark.parametrize(
        ("picture", "turned"),
        [("C.K", 1), ("K.C", 0), ("C.K.q.K", 1)],
    )
    def test_turned_into_a_conflict_is_one_after_the_creation_for_good(
        self, picture: str, turned: int
    ) -> None:
        found = kpis(picture)
        assert found["conflict_rate"]["conflicts"] == 1
        assert found["turned_into_conflict"]["turned"] == turned

    @pytest.mark.parametrize(
        ("clock", "reaction", "resolution"), [("since", 2, 5), ("created", 6, 9)]
    )
    def test_its_reaction_is_the_first_reply_after_it_became_one(
        self, clock: str, reaction: int, resolution: int
    ) -> None:
        r"""The clock starts when it became one, or with the creation.

        C.a.K.a..R
        """
        durations = figures(life("C.a.K.a..R"), conflict_clock=clock)["durations"]
        assert durations["conflict_reaction"]["sum_s"] == 60 * reaction
        assert durations["conflict_resolution"]["sum_s"] == 60 * resolution

    def test_only_what_is_answered_since_counts_as_its_satisfaction(self) -> None:
        found = figures([*life("C.K"), answer(1, 5), answer(3, 2, survey="s2")])["kpis"]
        assert (found["csat"]["responses"], found["conflict_csat"]["responses"]) == (2, 1)


class TestEffort:
    @staticmethod
    def worked(at_minute: float, seconds: float, agent: str = "a1", **more: Any) -> CloudEvent:
        return event(at_minute, "ticket.worked", agent=agent, seconds=seconds, **more)

    def test_a_ticket_is_touched_once_in_all_and_once_by_each_agent_and_in_each_queue(
        self,
    ) -> None:
        events = [
            *life("x...y"),
            self.worked(1, 60),
            self.worked(2, 30),
            self.worked(3, 90, "a2"),
            self.worked(6, 300),
        ]
        found = figures(events)
        assert found["kpis"]["handle_time"]["value"] == 480
        by = found["by"]
        assert {q: row["kpis"]["handle_time"]["value"] for q, row in by["queue"].items()} == {
            "x": 180,
            "y": 300,
        }
        assert by["agent"]["a1"]["kpis"]["handle_time"]["value"] == 390
        assert by["agent"]["a2"]["kpis"]["handle_time"]["value"] == 90

    @pytest.mark.parametrize(
        ("picture", "seconds"),
        [
            ("CA...R", 240),
            ("CA.p..O.R", 240),  # not while it waits for somebody else
            ("CA.1..A.R", 240),  # nor while nobody has it
            ("CA.D..U.R", 240),  # nor while it is deleted
            ("C...R", 0),
        ],
    )
    def test_without_recorded_work_the_time_open_and_assigned_is_the_estimate(
        self, picture: str, seconds: int
    ) -> None:
        found = kpis(picture)["handle_time_estimated"]
        assert (found["unrecorded"], found["value"]) == (1, seconds)

    def test_work_recorded_after_the_resolution_takes_the_estimate_back(self) -> None:
        found = figures([*life("CA..R"), self.worked(9, 60)])["kpis"]["handle_time_estimated"]
        assert found["unrecorded"] == 0

    def test_money_is_exact_and_in_one_currency(self) -> None:
        costs = [{"amount": 0.1, "currency": "EUR"}] * 3 + [{"amount": 1, "currency": "USD"}]
        events = [*life("Cx.R"), *(self.worked(4 + n, 0, cost=c) for n, c in enumerate(costs))]
        rates = {"USD": Fraction("0.9")}
        found = figures(events, currency="EUR", rates=rates)["kpis"]["cost"]
        assert (found["recorded"], found["per_resolution"]) == ("1.20", "1.20")
        found = figures(events, currency="EUR")["kpis"]["cost"]
        assert (found["recorded"], found["unconverted"]) == ("0.30", {"USD": "1.00"})

    def test_fixed_costs_count_by_the_day_and_go_where_the_time_was_spent(self) -> None:
        """The first two days of March, and of the quarter's 91."""
        events = [
            *life("Cx"),
            self.worked(2, 60),
            event(3, "ticket.updated", queue="y"),
            self.worked(DAY + 10, 180),
        ]
        fixed = [(Fraction(3100), "month"), (Fraction(91), "quarter")]
        found = figures(events, fixed=fixed)["kpis"]["cost"]
        assert found["fixed"] == "202.00"
        shares = {queue: row["fixed"] for queue, row in found["by_queue"].items()}
        assert shares == {"": "0.00", "x": "50.50", "y": "151.50"}


class TestCredit:
    EVENTS = (
        event(0, "ticket.created", assignee="a1"),
        event(1, "ticket.replied", author={"id": "a4", "role": "agent"}, visibility="public"),
        event(
            2,
            "ticket.updated",
            status="resolved",
            assignee=None,
            actor={"id": "a3", "role": "agent"},
        ),
    )

    @pytest.mark.parametrize(
        ("credit", "agent"),
        [("resolver", "a3"), ("last_assignee", "a1"), ("first_responder", "a4")],
    )
    def test_a_resolution_goes_to_whom_the_settings_say(self, credit: str, agent: str) -> None:
        by_agent = figures(self.EVENTS, credit=credit)["by"]["agent"]
        assert by_agent[agent]["tickets"]["resolved"] == 1

    def test_without_an_actor_the_resolver_is_who_has_it(self) -> None:
        assert figures(life("CBR"))["by"]["agent"]["a2"]["tickets"]["resolved"] == 1

    @pytest.mark.parametrize("creation", ["requester", "agent"])
    def test_a_first_response_that_is_a_status_goes_to_who_set_it(self, creation: str) -> None:
        events = [
            event(0, "ticket.created", assignee="a1", actor={"id": "x", "role": creation}),
            event(1, "ticket.updated", status="open", actor={"id": "a3", "role": "agent"}),
            *life("  m"),
        ]
        found = figures(events, sources=[("*", {"response_signal": "left_new"})])["by"]["agent"]
        assert found["a3"]["durations"]["first_response"]["count"] == 1


class TestPeriods:
    def test_a_month_begins_at_local_midnight(self) -> None:
        """Berlin is an hour ahead in winter: 23:30 UTC is the first of March already."""
        created = event(-30, "ticket.created")
        resolved = event(30, "ticket.updated", status="resolved")
        there = figures([created, resolved], zone=BERLIN)
        assert list(there["periods"]["month"]) == ["2024-03"]
        assert there["kpis"]["same_day_share"]["value"] == 1
        assert there["volume"]["by_hour_of_week"] == {"fri 00": 1}
        here = figures([created, resolved])
        assert list(here["periods"]["month"]) == ["2024-02", "2024-03"]
        assert here["kpis"]["same_day_share"]["value"] == 0

    def test_snapshots_go_with_the_clock_when_it_changes(self) -> None:
        """At 18:00 in Berlin it is 17:00 UTC on 30 March 2024, and 16:00 on the 31st."""
        events = [
            event(on(30, 17), "ticket.created"),
            event(on(31, 16), "ticket.created", ticket="T2"),
            event(on(31, 16, 1), "ticket.created", ticket="T3"),
        ]
        snapshots = {"close": (None, 18 * HOUR)}
        found = figures(events, zone=BERLIN, snapshots=snapshots)["queue_depth"]["snapshots"]
        assert found == {"close": {"2024-03-30": 1, "2024-03-31": 2}}

    def test_a_day_may_begin_at_one(self) -> None:
        """On the Azores clocks went from 00:00 to 01:00 on 31 March 2024, at 01:00 UTC."""
        events = [
            event(on(31, 0, 59), "ticket.created"),
            event(on(31, 1), "ticket.created", ticket="T2"),
        ]
        found = figures(events, zone=AZORES)
        days = {day: row["tickets"]["created"] for day, row in found["periods"]["day"].items()}
        assert days == {"2024-03-30": 1, "2024-03-31": 1}
        assert found["volume"]["by_hour_of_week"] == {"sat 23": 1, "sun 01": 1}
        assert found["periods"]["day"]["2024-03-30"]["active_at_end"] == 1

    def test_a_week_belongs_to_the_year_of_its_thursday(self) -> None:
        """29 December 2025 is a Monday."""
        created = {**event(0, "ticket.created"), "time": "2025-12-29T12:00:00Z"}
        assert list(figures([created])["periods"]["week"]) == ["2026-W01"]

    def test_a_change_is_against_the_period_right_before(self) -> None:
        r"""Two tickets on Friday, three on Saturday, one on Monday.

        fri sat sun mon
          2   3       1
        """
        days = [0, 0, 1, 1, 1, 3]
        events = [event(day * DAY, "ticket.created", ticket=f"T{n}") for n, day in enumerate(days)]
        rows = figures(events)["periods"]["day"]
        changes = {day[-2:]: row["change"] for day, row in rows.items()}
        assert changes == {"01": None, "02": 0.5, "04": None}

    def test_a_period_is_over_with_its_last_millisecond(self) -> None:
        for early_ms, over in ((2, False), (1, True)):
            found = figures(life("C"), minute(DAY) - early_ms)["periods"]["day"]["2024-03-01"]
            assert found["over"] is over


def test_escalations_are_told_by_the_tiers_between_which_they_lie() -> None:
    """The first line is x, the second y, the third z."""
    tiers = {"y": {"tier": 2}, "z": {"tier": 3}}
    path = ["x", "y", "x", "y", "z", "x", "z"]
    events = [event(0, "ticket.created", queue="x")]
    events += [event(n, "ticket.updated", queue=queue) for n, queue in enumerate(path[1:], 1)]
    found = figures(events, queues=tiers)["kpis"]["escalation_rate"]
    assert found["by_tier"] == [
        {"from": 1, "to": 2, "escalations": 2},
        {"from": 1, "to": 3, "escalations": 1},
        {"from": 2, "to": 3, "escalations": 1},
    ]
    assert (found["escalations"], found["transfers"]) == (4, 6)


class TestElapsed:
    @pytest.mark.parametrize(
        ("picture", "wait", "work"),
        [
            ("C..p...O.R", 5, 5),  # pending from 3 to 7: nobody waits, nobody works
            ("C..h...O.R", 9, 5),  # on hold: the requester waits on
            ("C..?...O.R", 5, 5),  # a status that nobody knows
            ("C...R..O.R", 6, 6),  # resolved from 4 to 7: the same instance runs on
            ("C...R..O..", None, None),  # which has not stopped
            ("C...R.D..U", 4, 4),  # deleted or not
            ("C.D..U...R", 9, 9),
            ("A.C...R...", 4, 4),  # from the creation
            ("R.C.......", 0, 0),
            ("A.....R...", None, None),  # nobody knows from when
        ],
    )
    def test_it_runs_in_its_statuses_from_the_creation_to_the_last_resolution(
        self, picture: str, wait: int | None, work: int | None
    ) -> None:
        found = figures(life(picture))["durations"]
        for name, taken in (("requester_wait", wait), ("agent_work", work)):
            for times in (found[name], found[f"{name}_working"]):
                assert times["count"] == (taken is not None)
                assert times["sum_s"] == 60 * (taken or 0)

    @pytest.mark.parametrize(
        ("picture", "x", "y"),
        [
            ("Cx..y...R", [3], [4]),  # handed over, and resolved
            ("Cx..0...R", [3], []),  # cleared
            ("Cx..x...R", [7], []),  # said again is no change
            ("Cx..R.O.R", [3, 2], []),  # each reopening is a stay
            ("C.R.x.O.R", [2], []),  # set on a resolved ticket
            ("Cx.....O.", [], []),  # it is still there
            ("x...R....", [4], []),  # of an orphan, too
            ("CD.x.U..R", [], []),  # nobody owned a deleted ticket
            ("Cx.D.U..R", [7], []),
        ],
    )
    def test_a_stay_is_that_of_the_queue_that_is_left(
        self, picture: str, x: list[int], y: list[int]
    ) -> None:
        by = figures(life(picture))["by"]["queue"]
        for queue, stays in (("x", x), ("y", y)):
            times = by.get(queue, {}).get("durations", {}).get("ownership", {"count": 0})
            assert times["count"] == len(stays)
            if stays:
                assert times["sum_s"] == 60 * sum(stays)
                assert times["max_s"] == 60 * max(stays)

    def test_it_belongs_to_who_had_it_last_or_resolved_it(self) -> None:
        by = figures(life("CxABy..xR"))["by"]["agent"]
        owned = {agent: row["durations"]["ownership"]["sum_s"] for agent, row in by.items()}
        # Nobody else has had it since: a2 had the stay in y as well, and resolved it in x.
        assert owned == {"a2": 60 * (3 + 3 + 1), "a1": 0, "": 0}

    def test_working_time_is_that_of_the_calendar_at_the_stop(self) -> None:
        """Friday 23:00 to Saturday 01:00, open until midnight; pending for half an hour."""
        night = {"timezone": "UTC", "hours": {"mon-fri": ["00:00-24:00"]}}
        promised = {"requester_wait": "5h", "ownership": "5h"}
        sla = {
            "calendars": {"weekdays": night},
            "policies": [{"name": "all", "calendar": "weekdays", "targets": promised}],
        }
        events = [
            event(on(1, 23), "ticket.created", queue="q"),
            event(on(1, 23, 10), "ticket.updated", status="pending"),
            event(on(1, 23, 40), "ticket.updated", status="open"),
            event(on(2, 1), "ticket.updated", status="resolved"),
        ]
        rules = Rules.of({}, sla)
        books = engine(events, rules).books()
        assert of_engine(books, rules) == of_reference(events, rules)
        durations = report(books, rules.engine, packing, books.newest or 0)["durations"]
        assert durations["requester_wait"]["sum_s"] == 90 * 60
        assert durations["requester_wait_working"]["sum_s"] == 30 * 60
        assert durations["ownership_working"]["sum_s"] == 60 * 60
        # As the clock has it.
        spent = report(books, rules.engine, packing, books.newest or 0)["sla"]
        (wait,) = (row for row in spent if row["clock"] == "requester_wait")
        assert sum(wait["spent_s"]["status"].values()) == 30 * 60


class TestHoursBands:
    @pytest.mark.parametrize(
        ("day", "hour", "band"),
        [
            (1, 7.75, "night"),  # a Friday
            (1, 8, "office"),
            (1, 17.75, "office"),
            (1, 18, "evening"),
            (1, 22, "night"),
            (2, 0, "weekend"),
            (3, 23.75, "weekend"),
            (4, 0, "night"),
        ],
    )
    def test_a_response_belongs_to_the_hours_in_which_it_began_to_be_owed(
        self, day: int, hour: float, band: str
    ) -> None:
        came = on(day, 0) + hour * HOUR
        events = [
            event(came, "ticket.created", queue="q"),
            event(came + 3 * DAY, "ticket.replied", **REPLY),
        ]
        found = figures(events)["hours_bands"]
        assert list(found) == [band]
        assert (found[band]["created"], found[band]["pickup"]["count"]) == (1, 0)
        for part in (found[band], found[band]["by_queue"]["q"]):
            assert part["first_response"]["mean_s"] == 3 * DAY * 60

    def test_of_a_ticket_opened_by_an_agent_it_is_the_requesters_first_message(self) -> None:
        opened = event(on(1, 12), "ticket.created", actor={"id": "a1", "role": "agent"})
        asked: dict[str, Any] = {"author": {"id": "r1", "role": "requester"}}
        events = [
            opened,
            event(on(1, 20), "ticket.replied", visibility="public", **asked),
            event(on(1, 21), "ticket.replied", **REPLY),
        ]
        found = figures(events)["hours_bands"]
        assert found["office"]["created"] == 1
        assert found["evening"]["first_response"]["sum_s"] == 3600

    def test_each_wait_belongs_to_the_hours_in_which_it_began(self) -> None:
        """Asked on Friday at noon and at 18:30, and on Saturday at 9; answered later."""
        asked: dict[str, Any] = {"author": {"id": "r1", "role": "requester"}}
        events = [
            event(on(1, 12), "ticket.created", queue="q"),
            event(on(1, 12, 15), "ticket.replied", **REPLY),
            event(on(1, 18, 30), "ticket.replied", visibility="public", **asked),
            event(on(2, 1), "ticket.replied", **REPLY),
            event(on(2, 9), "ticket.replied", visibility="public", **asked),
            event(on(4, 9), "ticket.replied", **REPLY),
        ]
        bands = figures(events)["hours_bands"]
        waits = {band: part["next_reply"]["sum_s"] / 60 for band, part in bands.items()}
        assert waits == {"office": 15, "evening": 6.5 * HOUR, "weekend": 2 * DAY}
        assert all(part["by_queue"]["q"]["next_reply"]["count"] == 1 for part in bands.values())


def test_snapshots_by_queue_follow_a_ticket_from_one_to_the_other() -> None:
    """One moves from x to y on the second day, one is resolved and moved; at noon of each day."""
    events = [
        event(on(1, 9), "ticket.created", ticket="T1", queue="x"),
        event(on(2, 12), "ticket.updated", ticket="T1", queue="y"),
        event(on(1, 10), "ticket.created", ticket="T2", queue="x"),
        event(on(2, 9), "ticket.updated", ticket="T2", queue="y", status="resolved"),
        event(on(3, 9), "ticket.updated", ticket="T2", status="open"),
        event(on(4, 9), "ticket.deleted", ticket="T1", reason="deleted"),
        event(on(4, 13), "ticket.replied", ticket="T2", **REPLY),
    ]
    depth = figures(events, snapshots={"noon": (None, 12 * HOUR)})["queue_depth"]
    days = [f"2024-03-0{day}" for day in range(1, 5)]
    assert depth["snapshots"]["noon"] == dict(zip(days, (2, 1, 2, 1), strict=True))
    assert depth["snapshots_by_queue"]["noon"] == {
        "x": {days[0]: 2},
        "y": {days[1]: 1, days[2]: 2, days[3]: 1},
    }


def test_what_active_tickets_lack_is_told_by_each_label() -> None:
    """One is answered and waits again, one is assigned, one has nothing; another is resolved."""
    asked: dict[str, Any] = {"author": {"id": "r1", "role": "requester"}}
    events = [
        event(0, "ticket.created", ticket="T1", queue="x", channel="email"),
        event(1, "ticket.replied", ticket="T1", **REPLY),
        event(2, "ticket.replied", ticket="T1", visibility="public", **asked),
        event(0, "ticket.created", ticket="T2", queue="x", priority="high", assignee="a1"),
        event(0, "ticket.created", ticket="T3", queue="y", status="pending"),
        event(0, "ticket.created", ticket="T4", queue="y", status="resolved"),
    ]
    depth = figures(events)["queue_depth"]
    names = ("unassigned", "unanswered", "unattended")
    assert [depth[name] for name in names] == [2, 2, 3]
    assert [depth[f"{name}_by"]["queue"] for name in names] == [
        *({"x": 1, "y": 1}, {"x": 1, "y": 1}, {"x": 2, "y": 1}),
    ]
    assert depth["unassigned_by"]["status"] == {"new": 1, "pending": 1}
    assert depth["unanswered_by"]["priority"] == {"": 1, "high": 1}
    assert depth["unattended_by"]["channel"] == {"": 2, "email": 1}


def test_the_volume_of_an_hour_is_held_against_the_one_before_and_the_same_last_week() -> None:
    """At the window's beginning a ticket is outside, at its end inside."""
    now = on(10, 12)
    ages = {
        "now": (0, HOUR - 1),
        "before": (HOUR, 2 * HOUR - 1),
        "last_week": (7 * DAY, 7 * DAY + 1),
        "neither": (7 * DAY + HOUR, 2 * HOUR),
    }
    events = [
        event(now - age, "ticket.created", ticket=f"{when} {age}")
        for when, found in ages.items()
        for age in found
    ]
    change = figures(events, minute(now))["volume"]["change"]
    assert change["1h"] == {"now": 2, "before": 2, "last_week": 2}
    assert change["24h"] == {"now": 5, "before": 0, "last_week": 3}
    assert change["7d"]["before"] == change["7d"]["last_week"] == 3


class TestMovers:
    def test_both_weeks_are_told_and_first_what_moved_farthest(self) -> None:
        now = on(20, 12)
        weeks = {"print": (0, 3), "login": (2, 1), "vpn": (1, 1)}
        events = [
            event(
                now - back * 7 * DAY - 1,
                "ticket.created",
                ticket=f"{name} {back} {n}",
                category=name,
            )
            for name, numbers in weeks.items()
            for back, number in enumerate(numbers)
            for n in range(number)
        ]
        moved = figures(events, minute(now))["movers"]["category"]
        assert moved == [
            {"value": "print", "now": 0, "before": 3, "change": -3},
            {"value": "login", "now": 2, "before": 1, "change": 1},
        ]

    def test_a_question_that_doubles_moves_farther_than_a_desk_that_swings(self) -> None:
        """The desk has seven more, but always did swing by more; the question two a day.

        desk   9 0 9 0 9 0 0  ->  9 0 9 0 9 0 7
        login  1 2 1 2 1 2 1  ->  2 2 2 3 2 2 2
        """
        now = on(20, 12)
        days = {
            "desk": ((9, 0, 9, 0, 9, 0, 7), (9, 0, 9, 0, 9, 0, 0)),
            "login": ((2, 2, 2, 3, 2, 2, 2), (1, 2, 1, 2, 1, 2, 1)),
        }
        events = [
            event(now - back * DAY - 1, "ticket.created", ticket=f"{name} {back} {n}", queue=name)
            for name, (late, early) in days.items()
            for back, number in enumerate((*late, *early))
            for n in range(number)
        ]
        moved = figures(events, minute(now))["movers"]["queue"]
        assert [(one["value"], one["change"]) for one in moved] == [("login", 5), ("desk", 7)]

    def test_now_is_within_the_last_week_and_so_many_days_ago_is_not(self) -> None:
        now = on(20, 12)
        ages = {"now": 0, "last": 7 * DAY - 1, "week": 7 * DAY, "old": 14 * DAY}
        events = [
            event(now - age, "ticket.created", ticket=name, category=name)
            for name, age in ages.items()
        ]
        moved = figures(events, minute(now))["movers"]["category"]
        assert {one["value"]: one["change"] for one in moved} == {"now": 1, "last": 1, "week": -1}


def test_a_queue_in_which_no_contact_begins_has_costs_and_says_why_not_by_contact() -> None:
    events = [
        event(0, "ticket.created", queue="first"),
        event(1, "ticket.updated", queue="second"),
        spent(2, 30),
        event(3, "ticket.updated", status="resolved"),
    ]
    by_queue = figures(events, min_sample=1)["kpis"]["cost"]["by_queue"]
    first, second = by_queue["first"], by_queue["second"]
    assert (second["total"], second["per_contact"], second["per_resolution"]) == (
        *("30.00", None, "30.00"),
    )
    assert second["unavailable"] == {"per_contact": "no ticket was created"}
    assert second["low_sample"] == {"per_contact": True, "per_resolution": False}
    assert (first["per_contact"], first["per_resolution"]) == ("0.00", None)
    assert first["unavailable"] == {"per_resolution": "no resolution"}


@pytest.mark.parametrize(("min_sample", "few"), [(1, False), (2, True)])
def test_what_is_made_of_too_few_carries_a_mark_wherever_it_stands(
    min_sample: int, few: bool
) -> None:
    review: dict[str, Any] = {
        "reviewer": "eve",
        "agent": "a1",
        "form": "f",
        "criteria": {"tone": {"score": 4, "max": 5}},
    }
    events = [
        *life("C.a.m.R"),
        event(7, "ticket.reviewed", **review),
        answer(8, 5, aspects={"speed": 4}),
        spent(9, 1),
    ]
    found = figures(events, min_sample=min_sample)
    kpis = found["kpis"]
    (band,) = found["hours_bands"].values()
    by_queue = band["by_queue"][""]
    (driver,) = found["drivers"]["first_response"].values()
    tone = kpis["quality_score"]["by_criterion"]["tone"]
    marks = [
        kpis["csat"]["low_sample"],
        kpis["csat"]["aspects"]["speed"]["low_sample"],
        *(part["low_sample"] for part in (tone, tone["by_agent"]["a1"], tone["by_queue"][""])),
        *(part["first_response"]["low_sample"] for part in (band, by_queue, found["durations"])),
        *(driver["low_sample"][rate] for rate in ("csat", "reopen_rate", "conflict_rate")),
        *kpis["cost"]["low_sample"].values(),
    ]
    assert marks == [few] * len(marks)


class TestWhatConflictsCost:
    def test_it_is_all_that_was_ever_spent_on_them(self) -> None:
        """Before it became one, and after its kind changed again; of another ticket nothing.

        T1  C 5 K 20 R q 3 O R
        T2  C 7 R
        """
        events = [
            event(0, "ticket.created"),
            spent(1, 5),
            event(2, "ticket.updated", kind="complaint"),
            spent(3, 20),
            event(4, "ticket.updated", status="resolved"),
            event(5, "ticket.updated", kind="question"),
            spent(6, 3),
            event(7, "ticket.updated", status="open"),
            event(8, "ticket.updated", status="resolved"),
            event(0, "ticket.created", ticket="T2"),
            spent(1, 7, ticket="T2"),
            event(2, "ticket.updated", ticket="T2", status="resolved"),
        ]
        found = figures(events)["kpis"]["cost"]
        assert (found["recorded"], found["per_contact"]) == ("35.00", "17.50")
        conflicts = found["conflicts"]
        assert (conflicts["recorded"], conflicts["total"]) == ("28.00", "28.00")
        assert (conflicts["contacts"], conflicts["per_contact"]) == (1, "28.00")
        assert (conflicts["resolutions"], conflicts["per_resolution"]) == (2, "14.00")

    def test_handling_and_its_share_of_fixed_costs_count_from_the_beginning(self) -> None:
        events = [
            event(0, "ticket.created"),
            event(1, "ticket.worked", agent="a1", seconds=900),
            event(2, "ticket.updated", kind="conflict"),
            event(0, "ticket.created", ticket="T2"),
            event(1, "ticket.worked", ticket="T2", agent="a1", seconds=2700),
        ]
        chosen = {"hourly": {"default": Fraction(40)}, "fixed": [(Fraction(8), "day")]}
        found = figures(events, currency="EUR", **chosen)["kpis"]["cost"]
        assert (found["labour"], found["fixed"]) == ("40.00", "8.00")
        assert (found["conflicts"]["labour"], found["conflicts"]["fixed"]) == ("10.00", "2.00")

    @pytest.mark.parametrize(
        ("contact", "contacts"), [("ticket", 1), ("requester_message", 2), ("contact", 3)]
    )
    def test_their_contacts_are_counted_as_those_of_all_tickets(
        self, contact: str, contacts: int
    ) -> None:
        found = figures(life("C...m...m.K"), contact=contact, contact_gap_ms=3 * MINUTE_MS)
        assert found["kpis"]["cost"]["conflicts"]["contacts"] == contacts

    def test_one_whose_creation_nobody_saw_is_one(self) -> None:
        events = [event(0, "ticket.updated", kind="complaint"), spent(1, 4)]
        conflicts = figures(events)["kpis"]["cost"]["conflicts"]
        assert (conflicts["contacts"], conflicts["per_contact"]) == (1, "4.00")


def spent(at_minute: float, amount: float, *, ticket: str = "T1") -> CloudEvent:
    money: dict[str, Any] = {"amount": amount, "currency": "EUR"}
    return event(at_minute, "ticket.cost", ticket=ticket, type="compensation", **money)
