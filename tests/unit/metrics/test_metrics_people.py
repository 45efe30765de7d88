"""Agents and customers on /metrics: by queue and channel, never by name, and only if asked for."""

import asyncio
import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from streams.config import Config, estimate_series
from streams.config.model import Label, Labels, Metrics
from streams.core.entities import Entities
from streams.core.entity import Kind
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.kafka.journal import Answer, others_of
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import PartitionsOf
from streams.metrics import lately
from streams.metrics.catalogue import CATALOGUE, CLOSED, Origin, families
from streams.metrics.lately import Others
from streams.wire import packing
from tests.unit.metrics.desk import START, Consumed, Desk, with_policies

SHOWN = Metrics(agents=True, customers=True)
LIVE = replace(Config(), metrics=SHOWN)
Event = dict[str, Any]


class Floor(Desk):
    """A worker that has agents, customers and requesters, too."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.others = Others(config)
        kinds: tuple[Kind, ...] = (config.agents, config.customers, config.requesters)
        self.feeds: dict[str, PartitionsOf[Any]] = {
            kind.name: PartitionsOf(
                config,
                MemoryJournal(Storage()),
                lambda: self.now,
                source,
                partial(Entities, kind, config.engine, packing),
            )
            for kind, source in zip(kinds, others_of(config), strict=True)
        }
        self.others.follow(self.feeds)

    def take_over(self, *partitions: int) -> "Floor":
        """Own these partitions of everything."""

        async def nowhere(_: int) -> None:
            """There is no broker to tell."""

        self.own(*partitions)
        for feed in self.feeds.values():
            for partition in partitions:
                asyncio.run(feed.restore(partition, nowhere))
        self.tell("agents", partitions[0])
        return self

    def tell(self, name: str, partition: int, *events: Event) -> None:
        """Read events of one processor; the broker has no more, of any of them."""
        for each, feed in self.feeds.items():
            for number, owned in feed.owned.items():
                told = events if (each, number) == (name, partition) else ()
                start = owned.processor.position
                records = [
                    Consumed(offset, self.now, one["subject"].encode(), json.dumps(one).encode())
                    for offset, one in enumerate(told, start)
                ]
                end = start + len(records)
                feed.fetched(number, Answer(end, end, self.now), records=bool(records))
                asyncio.run(feed.feed(number, records))

    def show(self) -> None:
        """Count everything, then take a picture."""
        super().show()
        while self.others.count():
            pass
        self.collector.snapshot = replace(self.collector.snapshot, lately=self.others.figures())


def told(subject: str, kind: str, ago: int, **data: Any) -> Event:
    return {
        "specversion": "1.0",
        "id": f"{subject}-{kind}-{ago}",
        "source": "wfm",
        "type": kind,
        "subject": subject,
        "time": format_rfc3339(START - ago),
        "data": data,
    }


def shift(agent: str, ago: int, lasting: int, queue: str = "billing") -> Event:
    times = {"start": format_rfc3339(START - ago), "end": format_rfc3339(START - ago + lasting)}
    return told(agent, "agent.scheduled", 2 * DAY, shift=f"S{ago}", queue=queue, **times)


def presence(agent: str, state: str, ago: int, queue: str = "billing") -> Event:
    return told(agent, "agent.presence", ago, state=state, queue=queue)


@pytest.fixture
def floor() -> Floor:
    """Ann came an hour late, Bob left for a break, Eve is sick."""
    floor = Floor(LIVE).take_over(0, 1)
    floor.tell(
        "agents",
        0,
        shift("ann", 4 * HOUR, 8 * HOUR),
        presence("ann", "busy", 3 * HOUR),
        shift("bob", 4 * HOUR, 8 * HOUR, "tech"),
        presence("bob", "online", 4 * HOUR, "tech"),
        presence("bob", "break", HOUR, "tech"),
    )
    day = {"start": format_rfc3339(START - 12 * HOUR), "end": format_rfc3339(START + 12 * HOUR)}
    floor.tell(
        "agents",
        1,
        shift("eve", 4 * HOUR, 8 * HOUR),
        told("eve", "agent.absent", DAY, reason="sick", **day),
    )
    floor.commit()
    return floor


def of(floor: Floor, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a metric by the values of its labels, ordered as they are declared."""
    declared = next(metric.labels for metric in CATALOGUE if metric.name == name)
    places = [sorted(declared).index(label) for label in declared]
    samples = floor.samples(name).items()
    return {tuple(labels[place] for place in places): value for labels, value in samples}


def test_shifts_and_presence_are_shown_by_queue(floor: Floor) -> None:
    assert of(floor, "agents_scheduled") == {("billing",): 2, ("tech",): 1}
    now = of(floor, "agents")
    assert {labels: n for labels, n in now.items() if n} == {
        ("billing", "busy"): 1,
        ("tech", "break"): 1,
    }
    assert now["billing", "online"] == 0, "a queue without anybody is 0, not nothing"
    assert of(floor, "window_scheduled_seconds") == {
        ("7d", "billing"): 8 * 3600,
        ("7d", "tech"): 4 * 3600,
    }
    assert of(floor, "window_within_shift_seconds") == {
        ("7d", "billing"): 3 * 3600,
        ("7d", "tech"): 3 * 3600,
    }
    assert of(floor, "window_lost_seconds") == {
        ("7d", "billing", "sick"): 4 * 3600,
        ("7d", "billing", "unexplained"): 3600,
        ("7d", "tech", "break"): 3600,
    }
    assert of(floor, "cover_min_staff") == {(): 1}
    assert of(floor, "cover_promised") == {}, "without policies nothing is promised but shifts"


def test_no_agent_is_named(floor: Floor) -> None:
    shown = {
        value
        for family in floor.families().values()
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert "billing" in shown
    assert not shown & {"ann", "bob", "eve"}


def test_what_is_promised_by_a_policy_is_open_or_not() -> None:
    policy = {"name": "p", "calendar": "day", "targets": {"pickup": "1h"}}
    hours = {"day": {"timezone": "Europe/Berlin", "hours": {"mon": ["13:00-14:00"]}}}
    config = with_policies(policy, calendars=hours, metrics={"agents": True}, min_staff=2)
    floor = Floor(config).take_over(0)
    floor.tell("agents", 0, presence("ann", "busy", HOUR))
    floor.commit()
    assert of(floor, "cover_promised") == {("billing",): 0}
    floor.now += HOUR
    floor.tell("agents", 0)
    floor.commit()
    assert of(floor, "cover_promised") == {("billing",): 1}
    assert of(floor, "cover_min_staff") == {(): 2}


def test_customers_and_requesters_are_shown_by_period() -> None:
    floor = Floor(LIVE).take_over(0, 1)
    floor.tell(
        "customers",
        0,
        told("c1", "customer.active", 30 * DAY, activity="purchase"),
        told("c1", "customer.active", HOUR, activity="purchase"),
        told("c1", "contact.queued", 2 * HOUR, channel="phone", queue="billing"),
        told("c1", "contact.answered", 2 * HOUR - 90_000, channel="phone", queue="billing"),
    )
    floor.tell("customers", 1, told("c2", "customer.churned", HOUR))
    for number in (1, 2):
        facts = {"ticket": f"T{number}", "created": START - HOUR, "resolved": []}
        event = told("c1", "requester.ticket", HOUR, band="none", conflict=False, **facts)
        floor.tell("requesters", 1, {**event, "id": f"t{number}", "sequence": number})
    floor.commit()
    assert of(floor, "customers_retained") == {("month",): 1, ("quarter",): 1, ("year",): 1}
    assert of(floor, "customers_before")["month",] == 1
    ever = ("customers_purchased", "customers_repurchased", "customers_churned")
    assert [of(floor, name)[()] for name in ever] == [1, 1, 1]
    assert of(floor, "contacts_waited_seconds") == {("phone",): 90}
    assert of(floor, "contacts_queued") == {("phone",): 1}
    asked = ("requesters", "requesters_repeated", "requesters_tickets")
    assert [of(floor, name)[()] for name in asked] == [1, 1, 2]


def test_criteria_of_quality_reviews_have_names_of_their_own() -> None:
    labels = Labels(criterion=Label(1))
    floor = Floor(replace(LIVE, labels=labels)).take_over(0)
    scores = {"accuracy": {"score": 4, "max": 5}, "tone": {"score": 1, "max": 2}}
    review = {"reviewer": "r", "agent": "a", "form": "f"}
    floor.receive(
        0,
        floor.event("T1", "ticket.created", HOUR, queue="billing"),
        floor.event("T1", "ticket.reviewed", 60_000, criteria=scores, **review),
        floor.event("T1", "ticket.reviewed", 50_000, criteria={"tone": scores["tone"]}, **review),
    )
    floor.commit()
    assert of(floor, "window_criterion") == {("7d", "tone"): 2, ("7d", "other"): 1}
    assert of(floor, "window_criterion_points") == {("7d", "tone"): 1, ("7d", "other"): 0.8}
    assert {queue for _, queue in of(floor, "window_handled_seconds")} == {"billing"}


def test_without_being_asked_for_they_are_neither_shown_nor_counted() -> None:
    floor = Floor(Config()).take_over(0)
    floor.tell("agents", 0, presence("ann", "busy", HOUR))
    floor.commit()
    beside = {Origin.AGENTS, Origin.CUSTOMERS}
    names = {f"deskpulse_{metric.name}" for metric in CATALOGUE if metric.origin in beside}
    assert not names & set(floor.families())
    assert floor.feeds["agents"].owned[0].processor.touched is None
    full, plain = (estimate_series(config, families(config), CLOSED) for config in (LIVE, Config()))
    assert plain <= Config().max_series < full, (
        "check-config says so; fewer queues keep their names"
    )


def test_nothing_is_shown_before_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "AT_ONCE", 1)
    monkeypatch.setattr(lately, "BUDGET_S", 0)
    floor = Floor(LIVE).take_over(0)
    floor.tell("agents", 0, *(presence(f"a{n}", "busy", HOUR) for n in range(3)))
    looks = []
    while floor.others.count():
        looks.append(floor.others.figures())
    looks.append(floor.others.figures())
    known = [figures for figures in looks if figures and ("agents", "billing", "busy") in figures]
    assert [figures["agents", "billing", "busy"] for figures in known] == [3] * len(known)
    assert 0 < len(known) < len(looks)


def test_a_partition_that_is_given_up_is_not_shown_any_more(floor: Floor) -> None:
    asyncio.run(floor.feeds["agents"].release([0]))
    floor.commit()
    assert of(floor, "agents_scheduled") == {("billing",): 1}
    asyncio.run(floor.feeds["agents"].release([1]))
    floor.commit()
    assert of(floor, "agents_scheduled") == {}
