"""What a worker says of the same hour of the last weeks."""

import io
from dataclasses import replace

import pytest
from prometheus_client import generate_latest
from rich.console import Console

from streams.cli.board import board
from streams.config import Config, estimate_series
from streams.config.model import EarlyWarning
from streams.core.instants import DAY, HOUR, MINUTE
from streams.metrics.catalogue import CLOSED, families
from tests.unit.cli.exposition import looks
from tests.unit.metrics.desk import Desk

WEEK = 7 * DAY
A = "http://worker-1:9108/metrics"


def hours(desk: Desk, name: str) -> dict[str, float]:
    return {labels[0]: value for labels, value in desk.samples(name).items()}


def weekly(desk: Desk, now: int, *before: int, partition: int = 0) -> None:
    """So many tickets half an hour ago, and so many at the same time in each week before."""
    desk.receive(
        partition, desk.event(f"first {partition}", "ticket.created", (len(before) + 1) * WEEK)
    )
    for ago in range(len(before), -1, -1):
        for number in range((now, *before)[ago]):
            at = ago * WEEK + HOUR // 2
            name = f"{partition}-{ago}-{number}"
            desk.receive(
                partition,
                desk.event(name, "ticket.created", at),
                desk.reply(name, "agent", at - 10 * MINUTE),
            )


def test_the_same_hour_of_each_week_is_summed_over_partitions() -> None:
    desk = Desk().own(0, 1)
    weekly(desk, 3, 2, 1, 0, 4)
    weekly(desk, 1, 1, 1, 1, 1, partition=1)
    desk.commit()
    assert hours(desk, "hour_created") == {"0": 4, "1": 3, "2": 2, "3": 1, "4": 5}
    assert hours(desk, "hour_first_responses") == {"0": 4, "1": 3, "2": 2, "3": 1, "4": 5}
    weighted = hours(desk, "hour_first_response_weighted_seconds")
    assert weighted["0"] / 4 == pytest.approx(weighted["3"])
    assert 5 * 60 < weighted["3"] <= 15 * 60, "in the bucket of ten minutes"


def test_a_week_counts_where_every_partition_knows_it() -> None:
    """Partition 2 has begun ten days ago; partition 1, of which nothing is known, is none."""
    desk = Desk().own(0, 1, 2)
    weekly(desk, 3, 2, 1, 0, 4)
    desk.receive(2, desk.event("new", "ticket.created", 10 * DAY))
    desk.commit()
    assert hours(desk, "hour_created") == {"0": 3, "1": 2}
    desk.lose(2)
    desk.show()
    assert hours(desk, "hour_created").keys() == {"0", "1", "2", "3", "4"}


def test_satisfied_answers_are_those_of_a_day() -> None:
    desk = Desk().own(0)
    weekly(desk, 1, 1, 1, 1, 1)
    for number, (score, ago) in enumerate([(5, 2 * HOUR), (1, 20 * HOUR), (5, 30 * HOUR)]):
        name, message = desk.event("0-0-0", "survey.responded", ago)
        assert isinstance(message, dict)
        scale = {"min": 1, "max": 5}
        message["data"] = {"survey": f"s{number}", "kind": "csat", "score": score, "scale": scale}
        desk.receive(0, (name, message))
    desk.commit()
    assert hours(desk, "day_csat")["0"] == 2
    assert hours(desk, "day_csat_satisfied")["0"] == 1
    assert hours(desk, "day_csat")["1"] == 0


def test_a_new_desk_says_nothing_of_weeks() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T", "ticket.created", HOUR))
    desk.commit()
    assert hours(desk, "hour_created") == {}
    assert desk.samples("early_warning_min_known") == {(): 3}


def test_what_is_switched_off_costs_no_series() -> None:
    off = replace(Config(), early_warning=EarlyWarning(weeks=0))
    desk = Desk(off).own(0)
    weekly(desk, 3, 2)
    desk.commit()
    assert desk.samples("hour_created") == desk.samples("early_warning_band") == {}
    cost = [estimate_series(one, families(one), CLOSED) for one in (off, Config())]
    assert cost[1] - cost[0] == 5 * 5 + 3


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (60, "unusual: tickets in an hour 60, above 35 (at this hour usually 18)"),
        (20, ""),
        (0, "unusual: tickets in an hour 0, below 1 (at this hour usually 18)"),
    ],
)
def test_the_live_view_names_what_is_unusual(now: int, says: str) -> None:
    desk = Desk().own(0)
    weekly(desk, now, 17, 18, 19, 18)
    desk.commit()
    answer = generate_latest(desk.registry()).decode()
    seen = looks({A: answer}, at_s=desk.now / 1000)
    console = Console(file=io.StringIO(), width=160, color_system=None)
    with console.capture() as capture:
        console.print(board(seen, seen))
    lines = [line for line in capture.get().splitlines() if line.startswith("unusual: tickets")]
    assert [line.strip() for line in lines] == ([says] if says else [])
