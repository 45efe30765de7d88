"""What becomes of a goal: its verdict, its trend, and what came of what was done."""

from typing import Any

import pytest

from streams.core.instants import HOUR, MINUTE
from streams.core.scorecards import STATUSES
from tests.conflict_log import conflict_log
from tests.scored import configured, reported, scored
from tests.tickets_told import Event, at, created, csat, event, reply, resolved, worked

Row = dict[str, Any]


def answered(day: float, took: int, number: int = 5, **labels: Any) -> list[Event]:
    """So many tickets of a day, each answered after so long."""
    events = []
    for place in range(number):
        ticket, when = f"T-{day}-{took}-{place}-{sorted(labels.items())}", at(day, 9)
        events += [created(ticket, when, **labels), reply(ticket, when + took)]
    return events


def rated(day: float, *scores: int) -> list[Event]:
    """Tickets of a day, each with a survey's answer."""
    events = []
    for place, score in enumerate(scores):
        ticket = f"S-{day}-{place}"
        events += [created(ticket, at(day, 9)), csat(ticket, at(day, 10), score)]
    return events


def statuses(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row["status"], row["reason"]) for row in rows]


def test_the_golden_log_misses_all_four_goals_of_the_sheet_of_conflicts() -> None:
    rows = reported(conflict_log(), configured(scorecards={"conflicts": {}}))["scorecards"][
        "conflicts"
    ]
    assert [row["actual"]["value"] for row in rows] == [1.5 * 3600, 36 * 3600, 0.9, 4.0]
    assert [row["actual"]["sample"] for row in rows] == [20, 18, 20, 18]
    assert statuses(rows) == [("missed", "")] * 4


@pytest.mark.parametrize(
    ("comparator", "goal", "status"),
    [
        ("<", "1h", "missed"),
        ("<=", "1h", "met"),
        (">=", "1h", "met"),
        (">", "1h", "missed"),
        ("<", "61m", "met"),
        (">", "59m", "met"),
    ],
)
def test_a_goal_is_met_by_what_its_comparator_says(comparator: str, goal: str, status: str) -> None:
    """The mean is one hour exactly."""
    told = {"kpi": "first_response", "comparator": comparator, "goal": goal}
    (row,) = scored(answered(1, HOUR), told)
    assert (row["status"], row["actual"]["value"]) == (status, 3_600)


def test_a_goal_met_by_little_is_at_risk() -> None:
    goal = {"kpi": "first_response", "comparator": "<", "goal": "1h"}
    rows = scored(
        answered(1, 50 * MINUTE),
        {**goal, "warn_at": "50m"},
        {**goal, "warn_at": "51m", "period": "week"},
    )
    assert [row["status"] for row in rows] == ["at risk", "met"]


def test_of_times_there_are_means_percentiles_and_shares() -> None:
    events = [*answered(1, HOUR, 8), *answered(1, 3 * HOUR, 2)]
    told = {"kpi": "first_response"}
    rows = scored(
        events,
        told,
        {**told, "stat": "p50"},
        {**told, "stat": "p90"},
        {**told, "stat": "share_within", "comparator": ">=", "goal": "80% within 1h"},
    )
    assert [row["actual"]["value"] for row in rows] == [5_040, 3_600, 10_800, 0.8]
    assert [row["status"] for row in rows] == ["watched", "watched", "watched", "met"]


def test_fewer_than_min_sample_give_no_verdict() -> None:
    goal = {"kpi": "first_response", "comparator": "<", "goal": "2h"}
    rows = scored(answered(1, HOUR, 4), goal, {**goal, "min_sample": 4, "period": "week"})
    assert statuses(rows) == [("too few", "4 in this period, at least 5 needed"), ("met", "")]


def test_a_count_is_never_too_few() -> None:
    (row,) = scored(answered(1, HOUR, 1), {"kpi": "volume", "comparator": "<=", "goal": 1})
    assert statuses([row]) == [("met", "")]


def test_improves_is_against_the_period_before() -> None:
    events = [*rated(1, *[5] * 6, 1, 1), *rated(8, *[5] * 7, 1), *answered(8, HOUR)]
    goals = [
        {"kpi": "csat", "comparator": "improves", "period": "week"},
        {"kpi": "csat_mean", "comparator": "improves", "period": "day"},
        {"kpi": "first_response", "comparator": "improves", "period": "week"},
    ]
    rows = scored(events, *goals)
    assert (rows[0]["previous"]["value"], rows[0]["actual"]["value"]) == (0.75, 0.875)
    assert statuses(rows) == [
        ("met", ""),
        ("too few", "0 in the period before, at least 5 needed"),
        ("too few", "0 in the period before, at least 5 needed"),
    ]


def test_what_stays_the_same_does_not_improve() -> None:
    events = [*answered(1, HOUR), *answered(8, HOUR)]
    (row,) = scored(events, {"kpi": "first_response", "comparator": "improves", "period": "week"})
    assert row["status"] == "missed"


def test_a_goal_whose_guard_got_worse_is_met_at_a_cost() -> None:
    events = [
        *answered(1, 2 * HOUR),
        *rated(1, 5, 5, 5, 5, 5),
        *answered(8, HOUR),
        *rated(8, 5, 5, 5, 5, 1),
    ]
    goal = {"kpi": "first_response", "comparator": "improves", "period": "week"}
    sliced = {"slice": {"queue": "none"}, "guard": ["csat"], **goal}
    rows = scored(events, {**goal, "guard": ["csat", "nps"]}, sliced)
    assert statuses(rows)[0] == ("met at a cost", "worse than before: csat")
    assert rows[0]["guards"] == [
        {"kpi": "csat", "before": 1.0, "now": 0.8, "worsened": True},
        {"kpi": "nps", "before": None, "now": None, "worsened": False},
    ]


def test_a_guard_of_few_says_nothing() -> None:
    events = [*answered(1, 2 * HOUR), *rated(1, 5, 5), *answered(8, HOUR), *rated(8, 1, 1)]
    goal = {"kpi": "first_response", "comparator": "improves", "period": "week", "guard": ["csat"]}
    (row,) = scored(events, goal)
    assert row["status"] == "met"


def test_what_no_event_tells_is_unavailable_with_the_reason() -> None:
    rows = scored(
        answered(1, HOUR),
        {"kpi": "nps", "comparator": "improves"},
        {"kpi": "lost_service_hours", "comparator": "improves"},
        {"kpi": "retention_after_support", "comparator": "improves"},
        {"kpi": "cost_per_contact", "comparator": "improves"},
    )
    nothing = "no event here that it is made of"
    assert statuses(rows) == [
        ("unavailable", nothing),
        ("unavailable", "made of agent-events, which this report does not have"),
        ("unavailable", "made of customer-events, which this report does not have"),
        ("unavailable", nothing),
    ]


@pytest.mark.parametrize(
    ("period", "first", "tickets"),
    [
        ("day", "2026-03-09", 1),
        ("week", "2026-03-03", 2),
        ("month", "2026-02-08", 4),
        ("quarter", "2025-12-09", 4),
        ("year", "2025-03-10", 4),
    ],
)
def test_a_period_is_so_many_days_up_to_and_including_today(
    period: str, first: str, tickets: int
) -> None:
    """Today is Monday, 9 March; the Tuesday before is one of the week, the Monday is not."""
    events = [created(f"T{day}", at(day, 9)) for day in (-1, 0, 1, 7)]
    (row,) = scored(events, {"kpi": "volume", "period": period})
    assert (row["from"], row["to"], row["actual"]["value"]) == (first, "2026-03-09", tickets)


def test_days_are_those_of_the_configured_zone() -> None:
    """Half past eleven at night in UTC is tomorrow in Berlin."""
    events = [created("T1", at(0, 23.5)), created("T2", at(1, 12))]
    goal = {"kpi": "volume", "period": "day"}
    (utc,) = scored(events, goal)
    (berlin,) = scored(events, goal, timezone="Europe/Berlin")
    assert (utc["actual"]["value"], berlin["actual"]["value"]) == (1, 2)


def test_a_trend_is_that_of_the_last_six_periods_oldest_first() -> None:
    events = [each for day in range(9) for each in answered(day, (day + 1) * MINUTE, 1)]
    rows = scored(
        events, {"kpi": "first_response", "period": "day"}, {"kpi": "volume", "period": "week"}
    )
    assert rows[0]["trend"] == [240, 300, 360, 420, 480, 540]
    # No count of a week that had begun before anything was recorded.
    assert rows[1]["trend"] == [None, None, None, None, None, 7]


def test_a_slice_is_of_the_labels_right_after_the_event() -> None:
    events = [
        *answered(1, HOUR, queue="a"),
        *answered(1, 3 * HOUR, queue="b", kind="conflict"),
        event("T-moved", at(1, 8), "ticket.created", status="open", queue="a"),
        event("T-moved", at(1, 8.5), "ticket.updated", queue="b"),
        reply("T-moved", at(1, 9), by="lee"),
    ]
    told = {"kpi": "first_response"}
    rows = scored(
        events,
        {**told, "slice": {"queue": "a"}},
        {**told, "slice": {"queue": ["a", "b"]}},
        {**told, "slice": {"queue": "b", "kind": ["conflict", "complaint"]}},
        {**told, "slice": {"agent": "lee"}},
        {**told, "slice": {"queue": ""}},
    )
    assert [row["actual"]["sample"] for row in rows] == [5, 11, 5, 1, 0]
    assert rows[3]["actual"]["value"] == 3_600
    assert rows[4]["status"] == "unavailable"


def test_an_agent_has_touched_a_ticket_that_others_touched_before() -> None:
    events = [
        created("T1", at(1, 9)),
        worked("T1", at(1, 10), 60, by="ann"),
        worked("T1", at(1, 11), 180, by="lee"),
    ]
    told = {"kpi": "handle_time"}
    rows = scored(events, told, {**told, "slice": {"agent": "lee"}})
    assert [row["actual"]["value"] for row in rows] == [240, 180]


def test_a_star_is_a_row_for_each_of_the_five_largest() -> None:
    events = [
        created(f"T{size}-{number}", at(1, 9), segment=f"s{size}")
        for size in range(7)
        for number in range(size)
    ]
    rows = scored(events, {"kpi": "volume", "slice": {"segment": "*"}})
    assert [(row["goal"], row["actual"]["value"]) for row in rows] == [
        (f"volume segment=* s{size}", size) for size in (6, 5, 4, 3, 2)
    ]


def test_depth_is_that_of_the_named_instants_mean_over_the_period() -> None:
    """One ticket open on Monday evening, two on Tuesday's, one on Wednesday's."""
    events = [
        created("T1", at(0, 9)),
        created("T2", at(1, 9)),
        resolved("T1", at(2, 9)),
        created("T3", at(2, 19)),
    ]
    rows = scored(
        events,
        {"kpi": "unresolved_end_of_day", "period": "day"},
        {"kpi": "unresolved_end_of_day", "period": "week"},
        {"kpi": "unresolved_end_of_week", "comparator": "improves"},
    )
    assert [row["actual"]["value"] for row in rows] == [1, 4 / 3, None]
    assert rows[0]["trend"] == [None, None, None, 1, 2, 1]


def test_of_all_tickets_that_were_there_some_are_resolved() -> None:
    """One was resolved on Tuesday, two were open that evening; one of them is resolved now."""
    events = [
        *(created(f"T{n}", at(0, 9)) for n in range(3)),
        resolved("T0", at(1, 9)),
        resolved("T1", at(2, 9)),
    ]
    (row,) = scored(events, {"kpi": "resolved_of_all", "period": "day"})
    assert row["trend"][-3:] == [0, 1 / 3, 1 / 2]


def test_costs_are_recorded_hourly_and_fixed_per_contact() -> None:
    """Of two queues one has all the handling, so all of what is fixed: 5 a day for two days."""
    costs = {
        "currency": "EUR",
        "hourly": {"default": 30},
        "fixed": [{"amount": 5, "period": "day"}],
    }
    events = [
        created("T1", at(0, 9), queue="a"),
        worked("T1", at(1, 9), 1200),
        event("T2", at(1, 9), "ticket.created", queue="b", status="open"),
        event("T2", at(1, 10), "ticket.cost", amount=7, currency="EUR", type="parts"),
    ]
    told = {"kpi": "cost_per_contact", "period": "day"}
    rows = scored(
        events, told, {**told, "slice": {"queue": "a"}}, {**told, "slice": {"queue": "b"}},
        costs=costs,
    )  # fmt: skip
    # Today: 10 of handling, 7 of parts, 5 fixed, for one ticket; the queue a had none created.
    assert [row["actual"]["value"] for row in rows] == [22, None, 7]


def test_a_cohort_is_provisional_while_its_tickets_are_young() -> None:
    rows = scored(answered(1, HOUR), {"kpi": "resolved_share"}, {"kpi": "first_response"})
    assert [row["provisional"] for row in rows] == [True, False]


# -- before and after -------------------------------------------------------------------------


def test_an_action_that_has_begun_has_as_many_whole_days_before_as_after() -> None:
    """Since Wednesday morning; Wednesday is neither, Saturday is not over."""
    events = [each for day in range(6) for each in answered(day, HOUR if day < 2 else 2 * HOUR, 3)]
    goal = {
        "kpi": "first_response",
        "period": "week",
        "actions": [{"text": "hire", "since": "2026-03-04T07:00:00Z"}, "train"],
    }
    (row,) = scored(events, goal)
    (change,) = row["changes"]
    assert (change["text"], change["at"]) == ("hire", "2026-03-04T07:00:00Z")
    assert change["before"]["days"] == "2026-03-02..2026-03-03"
    assert change["after"]["days"] == "2026-03-05..2026-03-06"
    assert (change["before"]["value"], change["after"]["value"]) == (3_600, 7_200)
    assert change["difference"] == 3_600
    assert row["actions"] == [
        {"text": "hire", "since": "2026-03-04T07:00:00Z"},
        {"text": "train", "since": None},
    ]


def test_an_annotation_is_compared_for_every_goal_and_counted_a_day() -> None:
    """Since Wednesday's midnight, so Wednesday is after."""
    events = [
        *(created(f"a{n}", at(0, n)) for n in range(2)),
        *(created(f"b{n}", at(1, n)) for n in range(4)),
        *(created(f"c{n}", at(2, n)) for n in range(6)),
        *(created(f"d{n}", at(3, n)) for n in range(8)),
        created("e", at(4, 1)),
    ]
    annotations = [{"at": "2026-03-04", "text": "release"}]
    report = reported(events, configured({"kpi": "volume"}, annotations=annotations))
    (change,) = report["scorecards"]["mine"][0]["changes"]
    assert (change["before"]["value"], change["after"]["value"]) == (3, 7)
    (told,) = report["annotations"]
    assert told["volume_per_day"]["difference"] == change["difference"] == 4
    assert (told["text"], told["at"]) == ("release", "2026-03-04T00:00:00Z")


def test_since_an_annotation_the_volume_is_told_by_queue_channel_and_agent() -> None:
    events = [
        *(created(f"a{n}", at(1, n), queue="billing", channel="email") for n in range(2)),
        *(
            created(f"b{n}", at(2, n), queue="billing", channel="web", assignee="ann")
            for n in (3, 4)
        ),
        created("c", at(2, 5), queue="tech", channel="email"),
        created("d", at(3, 1)),
    ]
    annotations = [{"at": "2026-03-04", "text": "release"}]
    (told,) = reported(events, configured(annotations=annotations))["annotations"]
    assert told["by"] == {
        "queue": {
            "billing": {"before": 2, "after": 2, "change": 0},
            "tech": {"before": 0, "after": 1, "change": 1},
        },
        "channel": {
            "email": {"before": 2, "after": 1, "change": -1},
            "web": {"before": 0, "after": 2, "change": 2},
        },
        "agent": {
            "": {"before": 2, "after": 1, "change": -1},
            "ann": {"before": 0, "after": 2, "change": 2},
        },
    }
    assert all(mover["label"] != "agent" for mover in told["movers"])


def test_an_annotation_of_today_has_no_after_yet() -> None:
    annotations = [{"at": "2026-03-03T08:00:00Z", "text": "release"}]
    report = reported(answered(1, HOUR), configured({"kpi": "volume"}, annotations=annotations))
    assert report["annotations"] == [{"at": "2026-03-03T08:00:00Z", "text": "release"}]
    assert report["scorecards"]["mine"][0]["changes"] == []


def test_every_status_is_one_of_those_that_are_told() -> None:
    rows = reported(conflict_log(), configured(scorecards={"helpdesk-ten": {}, "quality": {}}))
    found = {row["status"] for card in rows["scorecards"].values() for row in card}
    assert found <= set(STATUSES)
