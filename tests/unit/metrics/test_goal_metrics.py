"""What a worker says of goals, and of what happened."""

from typing import Any

import pytest

from streams.config import Config, estimate_series
from streams.metrics.catalogue import CLOSED, families
from tests.scored import configured
from tests.unit.metrics.desk import HOUR, MINUTE, Desk

Labels = tuple[str, ...]
MET = {"kpi": "first_response", "comparator": "<", "goal": "1h", "period": "week"}
BETTER = {"kpi": "csat_index", "comparator": "improves", "period": "day", "min_sample": 3}
VOLUME = {"kpi": "volume", "comparator": "<=", "goal": 3, "slice": {"queue": 'a|b "c"\n'}}
LATE = {"kpi": "first_response", "stat": "p90", "comparator": ">", "goal": "30m"}


def named(goal: str, comparator: str) -> Labels:
    """Labels in the order of their names."""
    return comparator, goal, "mine"


def goals(desk: Desk) -> dict[str, dict[Labels, float]]:
    names = ("numerator", "denominator", "target", "min_sample")
    previous = ("previous_numerator", "previous_denominator")
    return {name: desk.samples(f"goal_{name}") for name in (*names, *previous)}


def answered(desk: Desk, ticket: str, took: int, **labels: Any) -> None:
    """A ticket on partition 0 that was answered right now."""
    desk.receive(
        0,
        desk.event(ticket, "ticket.created", took, **labels),
        desk.reply(ticket, "agent"),
    )


def rated(desk: Desk, ticket: str, score: int, ago: int = 0, partition: int = 0) -> None:
    scale = {"min": 1, "max": 5}
    name, message = desk.event(ticket, "survey.responded", ago)
    assert isinstance(message, dict)
    message["data"] = {"survey": ticket, "kind": "csat", "score": score, "scale": scale}
    desk.receive(partition, (name, message))


def test_a_mean_is_a_sum_of_seconds_over_how_many() -> None:
    desk = Desk(configured(MET)).own(0)
    answered(desk, "T1", 20 * MINUTE)
    answered(desk, "T2", 40 * MINUTE)
    desk.commit()
    name = named("first_response mean", "<")
    assert goals(desk) == {
        "numerator": {name: 3_600},
        "denominator": {name: 2},
        "target": {name: 3_600},
        "min_sample": {name: 5},
        "previous_numerator": {},
        "previous_denominator": {},
    }


def test_what_improves_has_the_period_before_instead_of_a_target() -> None:
    desk = Desk(configured(BETTER)).own(0)
    rated(desk, "T1", 5)
    rated(desk, "T2", 3)
    rated(desk, "T3", 1, ago=30 * HOUR)
    desk.commit()
    name = named("csat_index", ">")
    assert goals(desk) == {
        # On a scale of 0 to 100.
        "numerator": {name: 150},
        "denominator": {name: 2},
        "target": {},
        "min_sample": {name: 3},
        "previous_numerator": {name: 0},
        "previous_denominator": {name: 1},
    }


def test_a_percentile_is_the_share_on_the_near_side_of_its_target() -> None:
    """p90 > 30m: fewer than 90 % take at most 30 minutes. Of five four do."""
    desk = Desk(configured(LATE)).own(0)
    for ticket, took in enumerate((10, 20, 29, 30, 31)):
        answered(desk, f"T{ticket}", took * MINUTE)
    desk.commit()
    name = named("first_response p90", "<")
    found = goals(desk)
    assert (found["numerator"], found["denominator"]) == ({name: 4}, {name: 5})
    assert found["target"] == {name: 0.9}


def test_a_count_has_no_denominator_and_a_name_may_hold_anything() -> None:
    desk = Desk(configured(VOLUME)).own(0)
    for ticket in range(4):
        answered(desk, f"T{ticket}", MINUTE, queue='a|b "c"\n')
    answered(desk, "other", MINUTE, queue="a")
    desk.commit()
    name = named('volume queue=a|b "c"\n', "<=")
    assert goals(desk)["numerator"] == {name: 4}
    assert goals(desk)["denominator"] == {}


def test_partitions_are_summed() -> None:
    desk = Desk(configured(BETTER)).own(0, 1)
    rated(desk, "T1", 5)
    rated(desk, "T2", 4, partition=1)
    desk.commit()
    name = named("csat_index", ">")
    assert desk.samples("goal_numerator") == {name: 175}
    assert desk.samples("goal_denominator") == {name: 2}


def test_goals_show_only_once_now_is_known_and_then_zeros_too() -> None:
    desk = Desk(configured(MET)).own(0)
    desk.show()
    assert desk.samples("goal_numerator") == {}
    desk.receive(0, behind=1)
    desk.show()
    assert desk.samples("goal_numerator") == {}
    desk.receive(0)
    desk.show()
    assert desk.samples("goal_numerator") == {named("first_response mean", "<"): 0}


@pytest.mark.parametrize(
    "goal",
    [
        {"kpi": "csat"},
        {"kpi": "first_response", "stat": "p50", "comparator": "improves"},
        {"kpi": "unresolved_end_of_day", "comparator": "<", "goal": 3},
        {"kpi": "cost_per_contact", "comparator": "<", "goal": 3},
        {"kpi": "resolved_of_all", "comparator": ">", "goal": "50%"},
        {"kpi": "repeat_contacts", "comparator": "<", "goal": "5%"},
        {"kpi": "lost_service_hours", "comparator": "improves"},
        {"kpi": "volume", "slice": {"queue": "*"}, "comparator": "<", "goal": 3},
    ],
)
def test_what_is_no_fraction_of_sums_is_not_shown(goal: dict[str, Any]) -> None:
    desk = Desk(configured(goal)).own(0)
    answered(desk, "T1", MINUTE)
    desk.commit()
    assert not any(goals(desk).values())


def test_what_happened_is_shown_at_its_time_by_every_worker() -> None:
    config = configured(
        {**MET, "actions": [{"text": "hire", "since": "2026-01-04"}, "train"]},
        annotations=[
            {"at": "2026-01-02", "text": "release"},
            {"at": "2026-01-03T06:00:00Z", "text": "release"},
        ],
    )
    desk = Desk(config)
    desk.show()
    midnight = 1_767_312_000
    assert desk.samples("annotation_timestamp_seconds") == {
        ("release (2026-01-02T00:00:00Z)",): midnight,
        ("release (2026-01-03T06:00:00Z)",): midnight + 30 * 3_600,
        ("hire",): midnight + 48 * 3_600,
    }


def test_goals_and_annotations_count_towards_the_series() -> None:
    def series(config: Config) -> int:
        return estimate_series(config, families(config), CLOSED)

    without = series(configured())
    assert series(configured(MET)) == without + 4
    assert series(configured(BETTER)) == without + 5
    assert series(configured(VOLUME)) == without + 3
    assert series(configured({"kpi": "csat"})) == without
    assert series(configured({**MET, "warn_at": "30m"})) == without + 4 + 2
    guarded = {**MET, "guard": ["csat", "lost_service_hours", "fcr"]}
    assert series(configured(guarded)) == without + 4 + 4, "the others are known to reports only"
    told = [{"at": "2026-01-02", "text": "release"}]
    assert series(configured(annotations=told)) == without + 1
