"""Goals in the live view: those of all workers together, judged as the alert judges them."""

import io
from typing import Any

import pytest
from prometheus_client import generate_latest
from rich.console import Console

from streams.cli.board import board
from streams.cli.goals import Standing, goal_table, standings
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import scrape
from tests.scored import configured
from tests.unit.metrics.desk import HOUR, MINUTE, Desk

MEAN = {"kpi": "first_response", "comparator": "<", "goal": "1h", "period": "day", "min_sample": 2}
BETTER = {"kpi": "first_response", "comparator": "improves", "period": "day", "min_sample": 1}


def answered(desk: Desk, ticket: str, took: int, ago: int = 0) -> None:
    desk.receive(
        0,
        desk.event(ticket, "ticket.created", took + ago),
        desk.reply(ticket, "agent", ago),
    )


def text(desk: Desk) -> str:
    desk.commit()
    return generate_latest(desk.registry()).decode()


def one(*desks: Desk) -> Standing:
    (found,) = standings(Numbers.together(Numbers.read(text(desk)) for desk in desks))
    return found


def test_a_goal_is_judged_over_all_workers() -> None:
    """Alone each has too few; together they take 40 minutes on average."""
    first, second = Desk(configured(MEAN)).own(0), Desk(configured(MEAN)).own(0)
    answered(first, "T1", 20 * MINUTE)
    answered(second, "T2", HOUR)
    assert one(first).status == "too few"
    assert one(first, second) == Standing(
        "mine", "first_response mean", "<", 2_400, 3_600, improves=False, status="met", reason=""
    )


@pytest.mark.parametrize(("took", "status"), [(HOUR, "missed"), (59 * MINUTE, "met")])
def test_at_the_target_less_is_not_reached(took: int, status: str) -> None:
    desk = Desk(configured({**MEAN, "min_sample": 1})).own(0)
    answered(desk, "T1", took)
    assert one(desk).status == status


def test_what_improves_is_judged_against_the_period_before() -> None:
    desk = Desk(configured(BETTER)).own(0)
    answered(desk, "T1", 10 * MINUTE)
    assert one(desk).status == "too few"
    answered(desk, "T0", 20 * MINUTE, ago=30 * HOUR)
    found = one(desk)
    assert (found.value, found.target, found.improves) == (600, 1_200, True)
    assert found.status == "met"


@pytest.mark.parametrize(("took", "status"), [(29, "met"), (30, "at risk"), (60, "missed")])
@pytest.mark.parametrize("stat", ["mean", "p90"])
def test_met_but_not_by_this_much_is_at_risk(stat: str, took: int, status: str) -> None:
    """As reports say it: of a percentile, too, of which there are shares only."""
    goal = {**MEAN, "stat": stat, "warn_at": "30m", "min_sample": 1}
    desk = Desk(configured(goal)).own(0)
    answered(desk, "T1", took * MINUTE)
    assert one(desk).status == status


def rated(desk: Desk, ticket: str, score: int, ago: int = 0) -> None:
    scale = {"min": 1, "max": 5}
    name, message = desk.event(ticket, "survey.responded", ago)
    assert isinstance(message, dict)
    message["data"] = {"survey": ticket, "kind": "csat", "score": score, "scale": scale}
    desk.receive(0, (name, message))


def test_what_a_guard_pays_for_is_met_at_a_cost() -> None:
    goal = {**MEAN, "min_sample": 1, "guard": ["reopen_rate", "csat"]}
    desk = Desk(configured(goal)).own(0)
    answered(desk, "T1", 10 * MINUTE)
    rated(desk, "S1", 2)
    assert one(desk).status == "met", "there is no period before to be worse than"
    rated(desk, "S0", 5, ago=30 * HOUR)
    found = one(desk)
    assert (found.status, found.reason) == ("met at a cost", "worse than before: csat")
    out = Console(file=io.StringIO(), width=120)
    with out.capture() as captured:
        out.print(goal_table([found]))
    assert "met at a cost: worse than before: csat" in captured.get()
    rated(desk, "S2", 5)
    rated(desk, "S-1", 1, ago=31 * HOUR)
    assert one(desk).status == "met", "half are satisfied on both sides"


def test_a_guard_of_which_there_are_too_few_holds_nothing_up() -> None:
    desk = Desk(configured({**MEAN, "guard": ["csat"]})).own(0)
    answered(desk, "T1", 10 * MINUTE)
    answered(desk, "T2", 10 * MINUTE)
    rated(desk, "S1", 2)
    rated(desk, "S0", 5, ago=30 * HOUR)
    assert one(desk).status == "met"


@pytest.mark.parametrize(
    ("goal", "shown"),
    [
        (MEAN, ["first_response mean", "20m", "< 1h"]),
        (BETTER, ["first_response mean", "20m", "< - (before)"]),
        (
            {**MEAN, "stat": "p90"},
            ["first_response p90", "100%", ">= 90%"],
        ),
        (
            {"kpi": "one_touch", "comparator": ">=", "goal": "12.5%"},
            ["one_touch", "-", ">= 12%"],
        ),
        ({"kpi": "volume", "comparator": "<=", "goal": 1000}, ["volume", "1", "<= 1,000"]),
    ],
)
def test_values_are_shown_in_their_unit(goal: dict[str, Any], shown: list[str]) -> None:
    desk = Desk(configured(goal)).own(0)
    answered(desk, "T1", 20 * MINUTE)
    out = Console(file=io.StringIO(), width=120)
    with out.capture() as captured:
        out.print(goal_table([one(desk)]))
    line = captured.get().splitlines()[1]
    for part in shown:
        assert part in line


def test_the_board_shows_goals_below_and_leaves_them_out_before_the_queues() -> None:
    desk = Desk(configured(MEAN)).own(0)
    answered(desk, "T1", 20 * MINUTE)
    answered(desk, "T2", 20 * MINUTE)
    answer = text(desk)
    now = scrape(["http://worker:9108/metrics"], fetch=lambda _: answer)

    def drawn(height: int) -> list[str]:
        out = Console(file=io.StringIO(), width=110, height=height)
        with out.capture() as captured:
            out.print(board(now, now), height=height)
        return captured.get().splitlines()

    assert any("first_response mean" in line and "met" in line for line in drawn(40))
    assert len(drawn(40)) <= 40
    small = drawn(11)
    assert len(small) <= 11
    assert not any("first_response mean" in line for line in small)
    assert any("total" in line for line in small)
