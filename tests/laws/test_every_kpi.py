"""A declared KPI is everywhere: in reports by every label and period, live, modelled, written down.

One log has a bit of everything, under labels of its own. Whoever declares a KPI that it does not
reach adds what the KPI is made of; a KPI that is not live says here why.
"""

from functools import cache
from typing import Any

import pytest

from streams.core.clientele import Clientele
from streams.core.kpis import DURATIONS, KPIS
from streams.core.measures import MEASURES
from streams.core.report import recounted, report_of
from streams.core.sums import SLICED
from streams.kpis import ROWS, STATED
from streams.metrics.catalogue import CATALOGUE
from streams.metrics.terms import terms_of
from streams.wire import packing
from tests.brokers import ROOT
from tests.reference.catalogue import TIMES
from tests.reference.facts import DURATIONS as MODELLED
from tests.reference.formulas import FORMULAS
from tests.scored import configured, kept
from tests.tickets_told import Event, at, created, csat, event, reply, resolved, worked

LABELS = {
    "queue": "q",
    "priority": "high",
    "channel": "email",
    "segment": "s",
    "product": "p",
    "category": "c",
    "kind": "question",
    "assignee": "ann",
    "requester": "r1",
}
UNDER = {**LABELS, "agent": "ann", "customer_region": "north"}
"""The value of each dimension under which something of every KPI is found."""
CUSTOMERS = Clientele(("region",), {"r1": {"customer_region": "north"}})

NOBODYS = {("bot_containment", "agent"): "no agent had a part in it"}
NOT_IN_WINDOWS = {
    "resolved_of_all": "the depth of a window is that of now: deskpulse_tickets_active",
    "repeat_contacts": "of all tickets of a requester: deskpulse_requesters_repeat_contacts",
}
NOT_SHOWN = {"time_to_close": "stands only while the ticket is closed; a goal on it is live"}
NO_METRIC = {
    "volume": "by hour and month: Prometheus keeps deskpulse_window_created over time",
    "top movers": "Prometheus compares deskpulse_window_created with itself a week ago",
    "peak-hour slow-down": "of the busiest hours of all that is kept",
    "responses by hours": "of the four parts of the week; histograms by queue are what is bounded",
    "priority changes": "counted in reports only",
    "what scores depend on": "bands of all tickets kept",
    "aspects, reasons, criteria": "names without a bound; criteria are deskpulse_window_criterion",
    "cost": "exact decimals, and fixed costs spread over the days of a report",
    "own trend of agents": "what is about one person is in nobody's Prometheus",
    "staff satisfaction": "few answers, about people",
    "self-service": "what followed a visit is known to two processors together",
    "reviews and sentiment": "few, and not about tickets",
}
"""Rows that are no metric, and why."""


def everything() -> list[Event]:
    """Three tickets of one requester about one thing, with whatever a KPI can be made of."""

    def told(hour: float, type_: str, /, **data: Any) -> Event:
        return event("T1", at(0, hour), type_, **data)

    def message(hour: float, role: str) -> Event:
        author = {"id": role, "role": role}
        return told(hour, "ticket.replied", author=author, visibility="public")

    def survey(kind: str, score: int, highest: int, lowest: int = 1) -> list[Event]:
        name = {"survey": kind, "kind": kind}
        scale = {"min": lowest, "max": highest}
        return [
            told(10.2, "survey.sent", **name),
            told(10.4, "survey.responded", score=score, scale=scale, agent="ann", **name),
        ]

    sent, answered = survey("csat", 1, 5)
    nps, ces = survey("nps", 2, 10, 0), survey("ces", 2, 7)
    # Ids are made of ticket, type and instant: surveys of one instant are told apart.
    surveys = [
        {**each, "id": f"{each['id']}-{each['data']['kind']}"}
        for each in (sent, answered, *nps, *ces)
    ]
    review = {
        "reviewer": "eve",
        "agent": "ann",
        "form": "f",
        "criteria": {"tone": {"score": 4, "max": 5}},
        "errors": 1,
    }
    return [
        created("T1", at(0, 9), **LABELS),
        message(9.1, "bot"),
        message(9.2, "requester"),
        # A complaint for a while: what is counted then stands under that kind.
        told(9.3, "ticket.updated", kind="complaint"),
        reply("T1", at(0, 9.5)),
        worked("T1", at(0, 9.6), 300),
        told(9.7, "ticket.worked", agent="ann", seconds=60, activity="talk"),
        told(9.8, "ticket.updated", queue="other"),
        told(9.9, "ticket.updated", queue="q"),
        told(10, "ticket.reviewed", **review),
        *surveys,
        reply("T1", at(0, 10.6)),
        resolved("T1", at(0, 11)),
        created("T2", at(1, 9), **LABELS),
        reply("T2", at(1, 10)),
        resolved("T2", at(1, 11)),
        csat("T2", at(1, 12), 5),
        event("T2", at(2, 11), "ticket.updated", status="closed"),
        created("T3", at(2, 9), **{**LABELS, "kind": "complaint"}),
        reply("T3", at(2, 10)),
        resolved("T3", at(2, 11)),
    ]


@cache
def found() -> dict[str, Any]:
    """The report on everything."""
    settings = configured().engine
    books = kept(everything(), settings)
    assert books.newest is not None
    assert set(books.outcomes) == {("applied", "")}, "every event was understood"
    count, asked = recounted(books, settings, packing, books.newest, CUSTOMERS)
    return report_of(count, asked, books)


def values(figures: dict[str, Any]) -> set[str]:
    """The KPIs and durations of which there is something."""
    kpis = {name for name, kpi in figures["kpis"].items() if kpi["value"] is not None}
    return kpis | {name for name, times in figures["durations"].items() if times["count"]}


NAMES = [*(kpi.name for kpi in KPIS), *(one.name for one in DURATIONS)]
each_kpi = pytest.mark.parametrize("name", NAMES)


@pytest.mark.parametrize("dimension", [*SLICED, "customer_region"])
@each_kpi
def test_it_is_in_the_report_by_every_label(name: str, dimension: str) -> None:
    if (name, dimension) in NOBODYS:
        return
    by = found()["by"][dimension]
    named = {UNDER[dimension], "complaint"} if dimension == "kind" else {UNDER[dimension]}
    assert any(name in values(by[value]) for value in named)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
@each_kpi
def test_it_is_in_the_report_by_every_period(name: str, period: str) -> None:
    assert any(name in values(row) for row in found()["periods"][period].values())


@each_kpi
def test_goals_and_comparisons_may_ask_for_it(name: str) -> None:
    assert name in MEASURES


@each_kpi
def test_the_reference_model_knows_it(name: str) -> None:
    """The laws compare both on random events and on the real logs, wherever those have it."""
    assert name in {*FORMULAS, *MODELLED, *TIMES}


@each_kpi
def test_it_has_a_row_with_report_metric_and_definition(name: str) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    page = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    assert row.meaning
    assert any(f"`{path}`" in page for path in row.report)
    if name not in NOT_IN_WINDOWS and name not in NOT_SHOWN:
        assert row.metrics
        assert set(row.metrics) <= {metric.name for metric in CATALOGUE}


def test_what_is_not_live_is_named_with_its_reason() -> None:
    """The rows that no KPI and no duration makes; each of the others has metrics of its own."""
    assert {kpi.name for kpi in KPIS if not terms_of(kpi)} == NOT_IN_WINDOWS.keys()
    assert {row.name for row in STATED if not row.metrics} == NO_METRIC.keys()
