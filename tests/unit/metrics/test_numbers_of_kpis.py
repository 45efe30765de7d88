"""What the metrics have of the KPIs, from events to samples."""

from dataclasses import replace
from typing import Any

import pytest

from streams.config import Config
from streams.config.model import Metrics
from streams.core.instants import DAY
from tests.unit.metrics.desk import HOUR, MINUTE, Desk, Message


def survey(desk: Desk, ticket: str, score: float, ago: int) -> list[Message]:
    """A CSAT survey that is answered a minute after it was sent."""
    name: dict[str, Any] = {"survey": f"S-{ticket}", "kind": "csat"}
    scale = {"min": 1, "max": 5}
    return [
        desk.event(ticket, "survey.sent", ago + MINUTE, **name),
        desk.event(ticket, "survey.responded", ago, **name, score=score, scale=scale),
    ]


def test_a_share_comes_as_its_two_counts_by_queue() -> None:
    desk = Desk().own(0, 1)
    for partition, score in ((0, 5), (1, 2)):
        ticket = f"T{partition}"
        desk.receive(
            partition,
            desk.event(ticket, "ticket.created", 3 * HOUR, queue="pay"),
            *survey(desk, ticket, score, HOUR),
        )
    desk.commit()
    assert desk.samples("window_csat") == {("pay", "7d"): 2}
    assert desk.samples("window_csat_satisfied") == {("pay", "7d"): 1}


def test_points_are_those_of_the_scale_that_scores_are_put_on() -> None:
    """5 and 2 of 5, over all queues."""
    desk = Desk().own(0)
    for ticket, score in (("T1", 5), ("T2", 2)):
        desk.receive(
            0,
            desk.event(ticket, "ticket.created", 3 * HOUR, queue=ticket),
            *survey(desk, ticket, score, HOUR),
        )
    desk.commit()
    assert desk.samples("window_csat_points") == {("7d",): 7}


def test_handling_is_in_seconds() -> None:
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 2 * HOUR, queue="pay"),
        desk.event("T1", "ticket.worked", HOUR, agent="ann", seconds=90),
        desk.event("T1", "ticket.worked", MINUTE, agent="ann", seconds=30),
    )
    desk.commit()
    assert desk.samples("window_handled_seconds") == {("pay", "7d"): 120}
    assert desk.samples("window_touched") == {("pay", "7d"): 1}


def test_what_a_reopening_takes_back_is_taken_back() -> None:
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 2 * HOUR, queue="pay"),
        desk.reply("T1", "agent", HOUR),
        desk.event("T1", "ticket.updated", 50 * MINUTE, status="resolved"),
    )
    desk.commit()
    assert desk.samples("window_outcome") == {("pay", "7d"): 1}
    assert desk.samples("window_first_contact") == {("pay", "7d"): 1}
    desk.receive(0, desk.event("T1", "ticket.updated", status="open"))
    desk.commit()
    assert desk.samples("window_outcome") == {("pay", "7d"): 0}
    assert desk.samples("window_first_contact") == {("pay", "7d"): 0}
    assert desk.samples("window_first_contact_judged") == {("pay", "7d"): 1}


def test_times_of_the_catalogue_come_as_how_many_and_how_long() -> None:
    """It becomes a conflict after an hour and is answered half an hour later."""
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 2 * HOUR, queue="pay", kind="question"),
        desk.event("T1", "ticket.updated", HOUR, kind="complaint"),
        desk.reply("T1", "agent", 30 * MINUTE),
    )
    desk.commit()
    for name, seconds in (("wait", 3600), ("reaction", 1800)):
        assert desk.samples(f"window_conflict_{name}") == {("7d",): 1}
        assert desk.samples(f"window_conflict_{name}_seconds") == {("7d",): seconds}
    assert desk.samples("window_conflict") == {("pay", "7d"): 1}


@pytest.mark.parametrize(
    ("chosen", "shown"), [((DAY, 7 * DAY), {"24h", "7d"}), ((), set()), ((30 * DAY,), set())]
)
def test_kpis_are_in_the_chosen_windows_that_there_are(
    chosen: tuple[int, ...], shown: set[str]
) -> None:
    desk = Desk(replace(Config(), metrics=Metrics(kpi_windows=chosen))).own(0)
    desk.receive(0, desk.event("T1", "ticket.created", HOUR, queue="pay"))
    desk.commit()
    assert {window for (window,) in desk.samples("window_ces")} == shown
    assert {window for _, window in desk.samples("window_csat")} == shown
    assert {window for _, window in desk.samples("window_created")} == {"5m", "1h", "24h", "7d"}
