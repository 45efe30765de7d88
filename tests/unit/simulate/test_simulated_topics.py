"""Events of agents and customers: the shapes of CONTRACTS section 1, written down by hand."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from streams.simulate import AGENTS, CUSTOMERS, TICKETS, Happening
from tests.unit.simulate.observe import instant

Check = Callable[[Any], bool]
Shape = tuple[dict[str, Check], dict[str, Check]]
"""What has to be in `data`, and what may be."""


def one_of(*values: str) -> Check:
    return lambda value: value in values


def text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 128


def boolean(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def instant_with_zone(value: Any) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def scale(value: Any) -> bool:
    return set(value) == {"min", "max"} and value["min"] < value["max"]


def of_numbers(value: Any) -> bool:
    return bool(value) and all(text(name) and number(each) for name, each in value.items())


def texts(value: Any) -> bool:
    return bool(value) and all(map(text, value))


SURVEY: dict[str, Check] = {"survey": text, "kind": one_of("csat", "nps", "ces", "esat")}
ASKED: dict[str, Check] = {"via": text, "touchpoint": text}
SENT: Shape = (SURVEY, ASKED)
RESPONDED: Shape = (
    {**SURVEY, "score": number, "scale": scale},
    {**ASKED, "agent": text, "aspects": of_numbers, "reasons": texts},
)
CONTACT: Shape = ({"channel": one_of("phone", "chat"), "queue": text}, {"ticket": text})

SHAPES: dict[str, dict[str, Shape]] = {
    AGENTS: {
        "agent.scheduled": (
            {"shift": text, "start": instant_with_zone, "end": instant_with_zone, "queue": text},
            {"cancelled": boolean},
        ),
        "agent.absent": (
            {
                "start": instant_with_zone,
                "end": instant_with_zone,
                "reason": one_of("sick", "vacation", "training", "other"),
            },
            {},
        ),
        "agent.presence": (
            {"state": one_of("online", "busy", "away", "break", "offline"), "queue": text},
            {},
        ),
        "survey.sent": SENT,
        "survey.responded": RESPONDED,
    },
    CUSTOMERS: {
        "customer.active": (
            {"activity": one_of("purchase", "renewal", "login", "visit")},
            {"value": number},
        ),
        "customer.churned": ({}, {}),
        "customer.updated": ({}, {"segment": text, "region": text}),
        "contact.queued": CONTACT,
        "contact.answered": CONTACT,
        "contact.abandoned": CONTACT,
        "feedback.received": (
            {"channel": text},
            {
                "score": number,
                "scale": scale,
                "sentiment": lambda value: number(value) and -1 <= value <= 1,
            },
        ),
        "selfservice.session": ({"resolved": boolean}, {"article": text}),
        "survey.sent": SENT,
        "survey.responded": RESPONDED,
    },
}
ENVELOPE = {
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "data",
}  # fmt: skip


@pytest.mark.parametrize("topic", SHAPES)
def test_every_event_has_the_shape_of_the_contract(world: list[Happening], topic: str) -> None:
    for event in [each.event for each in world if each.topic == topic]:
        assert set(event) == ENVELOPE
        required, optional = SHAPES[topic][event["type"]]
        assert required.keys() <= event["data"].keys() <= required.keys() | optional.keys(), event
        for name, value in event["data"].items():
            assert (required | optional)[name](value), event


@pytest.mark.parametrize("topic", SHAPES)
def test_every_type_and_every_field_of_the_contract_occurs(
    world: list[Happening], topic: str
) -> None:
    given: dict[str, set[str]] = {name: set() for name in SHAPES[topic]}
    for each in world:
        if each.topic == topic:
            given[each.event["type"]] |= each.event["data"].keys()
    for name, (required, optional) in SHAPES[topic].items():
        # Details of an answer belong to a ticket; of agents' answers, also a touchpoint.
        asked_less = {"agent", "aspects", "reasons", "touchpoint"}
        expected = required.keys() | optional.keys()
        assert given[name] >= expected - (asked_less if "survey" in name else set()), name


def test_a_score_has_a_scale_and_lies_on_it(world: list[Happening]) -> None:
    scored = [each.event["data"] for each in world if "score" in each.event["data"]]
    assert scored
    for data in scored:
        low, high = data["scale"]["min"], data["scale"]["max"]
        scores = [data["score"], *data.get("aspects", {}).values()]
        assert all(low <= score <= high for score in scores)


def test_a_time_span_ends_after_it_begins(of_agents: list[dict[str, Any]]) -> None:
    spans = [event["data"] for event in of_agents if "start" in event["data"]]
    assert spans
    for data in spans:
        assert datetime.fromisoformat(data["start"]) < datetime.fromisoformat(data["end"])


def test_all_topics_come_in_order_of_time_and_ids_are_unique(world: list[Happening]) -> None:
    assert {each.topic for each in world} == {TICKETS, AGENTS, CUSTOMERS}
    times = [each.at_ms for each in world]
    assert times == sorted(times)
    assert times == [instant(each.event) for each in world]
    ids = Counter((e.event["source"], e.event["subject"], e.event["id"]) for e in world)
    assert set(ids.values()) == {1}


def test_each_subject_belongs_to_one_topic_and_counts_its_events(world: list[Happening]) -> None:
    topics: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, list[int]] = defaultdict(list)
    for each in world:
        topics[each.event["subject"]].add(each.topic)
        counts[each.event["subject"]].append(int(each.event["sequence"]))
    assert all(len(found) == 1 for found in topics.values())
    assert all(found == list(range(1, len(found) + 1)) for found in counts.values())


def test_the_tickets_keep_most_of_the_volume(world: list[Happening]) -> None:
    volume = Counter(each.topic for each in world)
    assert volume[TICKETS] > 0.7 * volume.total()
