"""What customers do besides writing in: waiting in line, buying, looking things up, leaving."""

from collections import Counter, defaultdict
from statistics import mean, median
from typing import Any

import pytest

from streams.core.instants import DAY, HOUR, MINUTE
from tests.unit.simulate.observe import Log, instant

Events = list[dict[str, Any]]
ENDS = {"contact.answered", "contact.abandoned"}


def contacts(of_customers: Events) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each wait in line: its beginning and its end."""
    queued: dict[tuple[str, str], dict[str, Any]] = {}
    found = []
    for event in of_customers:
        key = (event["subject"], event["data"].get("channel", ""))
        if event["type"] == "contact.queued":
            assert key not in queued, "nobody waits twice at once"
            queued[key] = event
        elif event["type"] in ENDS:
            found.append((queued.pop(key), event))
    # Who waits when the run ends.
    assert len(queued) < 5
    return found


def of_type(events: Events, *types: str) -> Events:
    return [event for event in events if event["type"] in types]


def test_a_wait_in_line_ends_once_in_the_same_queue_and_about_the_same_ticket(
    of_customers: Events,
) -> None:
    for queued, end in contacts(of_customers):
        assert queued["data"] == end["data"]
        assert 0 < instant(end) - instant(queued) < HOUR


def test_both_channels_have_lines_and_some_give_up(of_customers: Events) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for _, end in contacts(of_customers):
        found[end["data"]["channel"]][end["type"]] += 1
    assert set(found) == {"phone", "chat"}
    for kinds in found.values():
        assert 0.02 < kinds["contact.abandoned"] / kinds.total() < 0.2


def test_who_gives_up_has_waited_longer_than_those_who_are_answered(of_customers: Events) -> None:
    waits: dict[str, list[int]] = defaultdict(list)
    for queued, end in contacts(of_customers):
        if "ticket" in end["data"]:
            waits[end["type"]].append(instant(end) - instant(queued))
    assert median(waits["contact.answered"]) < MINUTE
    assert median(waits["contact.abandoned"]) > 2 * MINUTE


def test_some_calls_end_before_there_is_a_ticket(of_customers: Events, log: Log) -> None:
    ends = [end["data"].get("ticket") for _, end in contacts(of_customers)]
    assert None in ends
    assert {ticket for ticket in ends if ticket} <= log.created.keys()


def test_an_answered_ticket_is_replied_to_within_minutes(
    events: Events, of_customers: Events
) -> None:
    replies: dict[str, list[int]] = defaultdict(list)
    for event in of_type(events, "ticket.replied"):
        if event["data"]["author"]["role"] == "agent":
            replies[event["subject"]].append(instant(event))
    answered = [end for _, end in contacts(of_customers) if end["type"] == "contact.answered"]
    soon = [
        any(0 <= at - instant(end) < 5 * MINUTE for at in replies[end["data"]["ticket"]])
        for end in answered
    ]
    assert mean(soon) > 0.97


def test_a_customer_is_introduced_by_the_segment_of_their_tickets(
    events: Events, of_customers: Events
) -> None:
    segments: dict[str, set[str]] = defaultdict(set)
    for event in of_type(of_customers, "customer.updated"):
        if "segment" in event["data"]:
            segments[event["subject"]].add(event["data"]["segment"])
    for event in of_type(events, "ticket.created"):
        assert event["data"]["segment"] in segments[event["data"]["requester"]]
    first = {event["subject"]: event for event in reversed(of_customers)}
    assert {event["type"] for event in first.values()} == {"customer.updated"}
    changes = of_type(of_customers, "customer.updated")
    assert len(changes) > len(first), "some change later"


def test_each_activity_occurs_and_purchases_have_a_value(of_customers: Events) -> None:
    kinds = Counter(event["data"]["activity"] for event in of_type(of_customers, "customer.active"))
    assert set(kinds) == {"purchase", "renewal", "login", "visit"}
    assert kinds["renewal"] < kinds["purchase"] < kinds["login"]
    for event in of_type(of_customers, "customer.active"):
        assert ("value" in event["data"]) == (event["data"]["activity"] in {"purchase", "renewal"})


@pytest.fixture(scope="module")
def ratings(events: Events) -> dict[str, list[float]]:
    """What each requester answered after tickets, as parts of the scale."""
    requester = {
        event["subject"]: event["data"]["requester"] for event in of_type(events, "ticket.created")
    }
    found: dict[str, list[float]] = defaultdict(list)
    for event in of_type(events, "survey.responded"):
        scale = event["data"]["scale"]
        part = (event["data"]["score"] - scale["min"]) / (scale["max"] - scale["min"])
        found[requester[event["subject"]]].append(part)
    return found


def test_the_discontented_leave_more_often(
    of_customers: Events, ratings: dict[str, list[float]]
) -> None:
    churned = {event["subject"] for event in of_type(of_customers, "customer.churned")}
    bands: dict[bool, list[bool]] = {True: [], False: []}
    for customer, parts in ratings.items():
        bands[min(parts) < 0.6].append(customer in churned)
    assert mean(bands[True]) > 2 * mean(bands[False])


def test_who_has_left_does_nothing_more_until_they_are_back(
    events: Events, of_customers: Events
) -> None:
    """A new ticket of theirs would be a sign that they are back; tickets that are open go on."""
    left: dict[str, int] = {}
    for event in of_type(of_customers, "customer.churned", "customer.active"):
        if event["type"] == "customer.churned":
            left[event["subject"]] = instant(event)
        else:
            assert event["subject"] not in left, event
    assert left
    back = [
        event
        for event in of_type(events, "ticket.created")
        if left.get(event["data"]["requester"], 1 << 62) < instant(event)
    ]
    assert len(back) <= 0.1 * len(left)


def test_public_reviews_have_stars_a_sentiment_or_both(of_customers: Events) -> None:
    reviews = of_type(of_customers, "feedback.received")
    shapes = Counter(("score" in event["data"], "sentiment" in event["data"]) for event in reviews)
    assert set(shapes) == {(True, True), (True, False), (False, True)}
    both = [event["data"] for event in reviews if {"score", "sentiment"} <= event["data"].keys()]
    assert mean(data["sentiment"] for data in both if data["score"] >= 4) > 0.4
    assert mean(data["sentiment"] for data in both if data["score"] <= 2) < 0


def test_help_pages_are_enough_for_many_and_others_write_in_soon(
    events: Events, of_customers: Events
) -> None:
    created: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in of_type(events, "ticket.created"):
        data = event["data"]
        created[data["requester"], data["category"]].append(instant(event))
    wrote = Counter[tuple[bool, bool]]()
    for event in of_type(of_customers, "selfservice.session"):
        at, data = instant(event), event["data"]
        times = created[event["subject"], data["article"]]
        wrote[data["resolved"], any(0 < time - at < 10 * MINUTE for time in times)] += 1
    assert wrote[True, True] < 5
    assert wrote[True, False] > 300
    assert wrote[False, True] > wrote[False, False]


def test_some_come_back_about_what_was_resolved(events: Events) -> None:
    """A new ticket of the same requester and category, within a week of the resolution."""
    about: dict[str, tuple[str, str]] = {}
    resolved: dict[tuple[str, str], int] = {}
    repeats = 0
    for event in events:
        data = event["data"]
        if event["type"] == "ticket.created":
            about[event["subject"]] = data["requester"], data["category"]
            last = resolved.get(about[event["subject"]])
            repeats += last is not None and instant(event) - last < 7 * DAY
        elif data.get("status") == "resolved":
            resolved[about[event["subject"]]] = instant(event)
    assert 0.02 < repeats / len(about) < 0.15


def test_relationship_surveys_need_no_ticket(of_customers: Events) -> None:
    surveys = of_type(of_customers, "survey.sent", "survey.responded")
    assert {event["data"]["kind"] for event in surveys} == {"nps"}
    kinds = Counter(event["type"] for event in surveys)
    assert 0.1 < kinds["survey.responded"] / kinds["survey.sent"] < 0.35
