"""Surveys, reviews, disputes, effort and money: each has a cause, and it shows in plain counts."""

from collections import Counter, defaultdict
from statistics import mean, median
from typing import Any, NamedTuple

import pytest

from streams.core.instants import DAY, HOUR
from streams.simulate.roster import hire
from tests.unit.simulate.observe import Log, instant

Events = list[dict[str, Any]]
KNOWLEDGE = {agent.id: agent.knowledge for agent in hire(400)}


class Rated(NamedTuple):
    """The first answer about a ticket, with what may have caused it."""

    part: float
    """Of the scale."""
    waited: int
    reopened: bool
    transferred: bool
    knowledge: float


def part(data: dict[str, Any]) -> float:
    """A score as a part of its scale."""
    scale: dict[str, float] = data["scale"]
    return float((data["score"] - scale["min"]) / (scale["max"] - scale["min"]))


def of_type(events: Events, kind: str) -> Events:
    return [event for event in events if event["type"] == kind]


@pytest.fixture(scope="module")
def rated(events: Events, log: Log) -> list[Rated]:
    """The first answer of each survey on customer satisfaction."""
    reopened: set[str] = set()
    done: set[str] = set()
    found: dict[str, Rated] = {}
    for event in events:
        ticket, data = event["subject"], event["data"]
        if event["type"] == "ticket.updated":
            if data.get("status") == "open" and ticket in done:
                reopened.add(ticket)
            if data.get("status") == "resolved":
                done.add(ticket)
        if event["type"] == "survey.responded" and data["kind"] == "csat" and ticket not in found:
            waited = log.first_response.get(ticket, 0)
            known = KNOWLEDGE[data["agent"]]
            found[ticket] = Rated(
                part(data), waited, ticket in reopened, ticket in log.transferred, known
            )
    return list(found.values())


def test_most_are_content(rated: list[Rated]) -> None:
    assert 0.75 < mean(each.part >= 2 / 3 for each in rated) < 0.92


def test_who_waits_longer_rates_lower(rated: list[Rated]) -> None:
    late = [each.part for each in rated if each.waited > 6 * HOUR]
    soon = [each.part for each in rated if each.waited < HOUR]
    assert mean(late) < mean(soon) - 0.1


def test_who_has_to_come_back_rates_lower(rated: list[Rated]) -> None:
    again = [each.part for each in rated if each.reopened]
    once = [each.part for each in rated if not each.reopened]
    assert mean(again) < mean(once) - 0.1


def test_who_is_sent_around_rates_lower(rated: list[Rated]) -> None:
    around = [each.part for each in rated if each.transferred]
    straight = [each.part for each in rated if not each.transferred]
    assert mean(around) < mean(straight) - 0.05


def test_agents_who_know_the_product_are_rated_higher(rated: list[Rated]) -> None:
    new = [each.part for each in rated if each.knowledge <= 0.5]
    others = [each.part for each in rated if each.knowledge >= 0.8]
    assert mean(new) < mean(others) - 0.05


def test_response_rates_differ_by_channel(events: Events, log: Log) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    answered: set[str] = set()
    for event in events:
        channel = log.state[event["subject"]]["channel"] if event["subject"] in log.state else ""
        if event["type"] == "survey.sent":
            counts[channel]["sent"] += 1
        elif event["type"] == "survey.responded" and event["data"]["survey"] not in answered:
            answered.add(event["data"]["survey"])
            counts[channel]["answered"] += 1
    seldom = counts["social"] + counts["phone"]
    rates = [each["answered"] / each["sent"] for each in (seldom, counts["email"], counts["chat"])]
    assert rates == sorted(rates)


def test_kinds_and_scales_vary(events: Events) -> None:
    scales = defaultdict(set)
    for event in of_type(events, "survey.responded"):
        scale = event["data"]["scale"]
        scales[event["data"]["kind"]].add((scale["min"], scale["max"]))
    assert scales == {"csat": {(1, 5), (1, 7), (0, 10)}, "ces": {(1, 7)}, "nps": {(0, 10)}}


def test_reasons_of_low_scores_name_what_happened(events: Events, log: Log) -> None:
    low = [event for event in of_type(events, "survey.responded") if part(event["data"]) < 0.4]
    reasons: dict[str, set[str]] = defaultdict(set)
    for event in low:
        for reason in event["data"].get("reasons", ()):
            reasons[reason].add(event["subject"])
    assert "long wait" in reasons
    assert reasons["sent around"] <= log.transferred


def test_a_replaced_answer_is_another_one_of_the_same_survey(events: Events) -> None:
    answers: dict[str, Events] = defaultdict(list)
    for event in of_type(events, "survey.responded"):
        answers[event["data"]["survey"]].append(event)
    replaced = [found for found in answers.values() if len(found) > 1]
    assert 0.02 < len(replaced) / len(answers) < 0.1
    assert all(len(found) == 2 for found in replaced)
    assert any(first["data"]["score"] != last["data"]["score"] for first, last in replaced)


def test_a_low_score_is_followed_up_within_a_day_later_or_never(events: Events) -> None:
    newest = instant(events[-1])
    replies: dict[str, list[int]] = defaultdict(list)
    for event in of_type(events, "ticket.replied"):
        author = event["data"]["author"]
        if author["role"] == "agent" and event["data"]["visibility"] == "public":
            replies[event["subject"]].append(instant(event))
    waits = Counter[str]()
    for event in of_type(events, "survey.responded"):
        at = instant(event)
        if part(event["data"]) < 0.45 and at < newest - 5 * DAY:
            next_ms = min((time for time in replies[event["subject"]] if time > at), default=None)
            waits["never" if next_ms is None else "a day" if next_ms - at < DAY else "later"] += 1
    assert set(waits) == {"a day", "later", "never"}
    assert 0.3 < waits["a day"] / waits.total() < 0.85


def test_reviews_tell_who_lacks_product_knowledge(events: Events) -> None:
    scores: dict[bool, list[float]] = {True: [], False: []}
    shapes = set()
    for event in of_type(events, "ticket.reviewed"):
        data = event["data"]
        shapes.add(type(data["errors"]))
        knows = data["criteria"]["product_knowledge"]
        scores[KNOWLEDGE[data["agent"]] < 0.75].append(knows["score"] / knows["max"])
        assert {"communication", "problem_solving", "professionalism"} <= set(data["criteria"])
        assert all(0 <= each["score"] <= each["max"] for each in data["criteria"].values())
    assert mean(scores[True]) < mean(scores[False]) - 0.1
    assert shapes == {int, list}


def test_each_activity_is_recorded_and_a_hold_lies_within_a_call(events: Events) -> None:
    worked = of_type(events, "ticket.worked")
    assert {event["data"]["activity"] for event in worked} == {"talk", "hold", "wrap_up", "edit"}
    sequence: dict[str, list[str]] = defaultdict(list)
    for event in worked:
        sequence[event["subject"]].append(event["data"]["activity"])
    for activities in sequence.values():
        for place, activity in enumerate(activities):
            if activity == "hold":
                assert activities[place - 1] == activities[place + 1] == "talk"


def test_some_work_has_a_price(events: Events) -> None:
    priced = [
        event["data"] for event in of_type(events, "ticket.worked") if "cost" in event["data"]
    ]
    assert 0.02 < len(priced) / len(of_type(events, "ticket.worked")) < 0.2
    for data in priced:
        assert data["cost"]["currency"] == "EUR"
        assert data["cost"]["amount"] == pytest.approx(data["seconds"] * 78 / 3600, abs=0.006)


def test_grievances_are_compensated_more_often(events: Events, log: Log) -> None:
    costs = of_type(events, "ticket.cost")
    assert {event["data"]["type"] for event in costs} == {"compensation", "parts", "other"}
    paid = {event["subject"] for event in costs if event["data"]["type"] == "compensation"}
    shares: dict[bool, list[bool]] = {True: [], False: []}
    for ticket, state in log.state.items():
        if state["status"] in {"resolved", "closed"}:
            shares[state["kind"] in {"complaint", "conflict"}].append(ticket in paid)
    assert mean(shares[True]) > 5 * mean(shares[False])


def test_some_tickets_begin_as_conflicts_and_others_become_one_by_waiting(
    events: Events, log: Log
) -> None:
    grievances = {"complaint", "conflict"}
    begun = [
        event for event in of_type(events, "ticket.created") if event["data"]["kind"] in grievances
    ]
    assert 0.03 < len(begun) / len(log.created) < 0.09
    kinds = {event["subject"]: event["data"]["kind"] for event in of_type(events, "ticket.created")}
    became = [
        (event["subject"], instant(event) - log.created[event["subject"]])
        for event in of_type(events, "ticket.updated")
        if event["data"].get("kind") in grievances and kinds[event["subject"]] not in grievances
    ]
    assert len(became) > 20
    waited = [
        span
        for ticket, span in became
        if span < log.first_response.get(ticket, instant(events[-1]))
    ]
    # The others were answered, and came back.
    assert 0.2 * len(became) < len(waited) < len(became)
    assert median(waited) > 2 * median(log.first_response.values())


def test_complexity_is_told_by_who_looks_first_and_takes_its_time(events: Events, log: Log) -> None:
    spent: dict[str, list[int]] = defaultdict(list)
    for event in of_type(events, "ticket.worked"):
        spent[log.state[event["subject"]]["complexity"]].append(event["data"]["seconds"])
    assert set(spent) == {"1", "2", "3"}
    assert mean(spent["1"]) < mean(spent["2"]) < mean(spent["3"])
    assert not any("complexity" in event["data"] for event in of_type(events, "ticket.created"))


def test_a_bot_contains_some_chats_and_hands_over_the_others(events: Events, log: Log) -> None:
    roles: dict[str, set[str]] = defaultdict(set)
    for event in of_type(events, "ticket.replied"):
        roles[event["subject"]].add(event["data"]["author"]["role"])
    met = [ticket for ticket, found in roles.items() if "bot" in found]
    contained = [
        ticket
        for ticket in met
        if "agent" not in roles[ticket] and log.state[ticket]["status"] in {"resolved", "closed"}
    ]
    assert 0.15 < len(contained) / len(met) < 0.4
