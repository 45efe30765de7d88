"""What metrics show of agents and customers: always a recount, and as the reference model says."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.customers import Customers
from streams.core.entity import Kind
from streams.core.events import REQUESTER_TYPES
from streams.core.instants import DAY, HOUR
from streams.core.lately import (
    CONTACTS,
    STATES,
    Figures,
    Lately,
    Shown,
    ShownAgents,
    ShownCustomers,
    ShownRequesters,
)
from streams.core.people import Agents
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.wire import packing
from tests import agent_events, customer_events
from tests.laws.entity_lives import TYPES, EntityPartition, decoded, read_whole
from tests.laws.lives import COMMIT, READ, Life
from tests.reference import customers as reference
from tests.reference import people
from tests.reference.people import key

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = Settings(zone=BERLIN, forgotten=60 * DAY)
SPANS = (("1d", DAY), ("60d", 60 * DAY))
SHOWN: dict[str, tuple[Kind, Shown]] = {
    "agents": (Agents(BERLIN), ShownAgents(Agents(BERLIN), SETTINGS, packing, SPANS)),
    "customers": (Customers(BERLIN), ShownCustomers(Customers(BERLIN), SETTINGS, packing)),
    "requesters": (
        Requesters(BERLIN, SETTINGS.forgotten),
        ShownRequesters(Requesters(BERLIN, SETTINGS.forgotten), SETTINGS, packing),
    ),
}
DRAWN = {
    "agents": agent_events.agent_events((0, 1, 36, 44, 82)),
    "customers": customer_events.customer_events((0, 1, 31, 40, 100)),
    "requesters": customer_events.tellings((0, 1, 31, 40, 100)),
}
SETTLE = st.just(("settle",))
AHEAD = st.tuples(st.just("advance"), st.sampled_from((0, HOUR, 9 * DAY, 70 * DAY)))
LOOK = st.tuples(st.just("look"), st.integers(1, 3))
LIFE = st.lists(st.one_of(READ, LOOK, READ, LOOK, COMMIT, SETTLE, AHEAD), min_size=3, max_size=12)

Event = dict[str, Any]


def whole(lately: Lately, now: int) -> Figures:
    """The figures once everything is counted."""
    while lately.refresh(now, 1):
        pass
    assert lately.whole
    return +lately.figures(now)


@pytest.mark.parametrize("name", SHOWN)
def test_whatever_comes_in_between_the_figures_are_a_recount(name: str) -> None:
    kind, shown = SHOWN[name]

    @given(DRAWN[name].flatmap(st.permutations), LIFE)
    def holds(arrived: list[Event], life: Life) -> None:
        partition = EntityPartition(kind, SETTINGS, decoded(arrived, TYPES | REQUESTER_TYPES))
        entities = partition.processor
        lately = Lately(entities, shown)
        for step, *arguments in life:
            if step == "look":
                lately.refresh(max(0, entities.clock), *arguments)
            else:
                getattr(partition, step)(*arguments)
        partition.read()
        now = max(entities.clock, entities.newest or 0) + DAY
        assert whole(lately, now) == whole(Lately(entities, shown), now)

    holds()


@given(agent_events.agent_events(), st.integers(0, 4 * 48))
def test_of_agents_they_are_those_of_the_reference_model(events: list[Event], steps: int) -> None:
    """Every event lies before now, and the longer window holds all that was planned or done."""
    now = agent_events.START_MS + 4 * DAY + steps * people.STEP_MS
    kind, shown = SHOWN["agents"]
    found = whole(Lately(read_whole(kind, SETTINGS, events).processor, shown), now)
    expected: Figures = Counter()
    for agent in ("A1", "A2"):
        own = [event for event in _once(events) if event["subject"] == agent]
        for (measure, _, queue), time in people.times(own, now, BERLIN).items():
            if measure in TIMES:
                expected[TIMES[measure], "60d", queue] += time
            elif measure.startswith("lost:"):
                expected["window_lost_seconds", "60d", queue, measure[5:]] += time
        ordered = sorted(own, key=key)
        state, planned = people._state(ordered, now, now + 1), people._planned(ordered, now)
        if state is not None:
            expected["agents", state[1], state[0]] += 1
        if planned is not None:
            expected["agents_scheduled", planned] += 1
    assert Counter({k: n for k, n in found.items() if "1d" not in k}) == expected


TIMES = {
    "scheduled": "window_scheduled_seconds",
    "within": "window_within_shift_seconds",
    "overtime": "window_overtime_seconds",
}


@given(customer_events.customer_events(customer_events.MONTHS[:6]), st.integers(0, 20))
def test_of_customers_they_are_those_of_the_reference_model(events: list[Event], days: int) -> None:
    now = customer_events.START_MS + (80 + days) * DAY
    settings = Settings(zone=BERLIN)
    kind = Customers(BERLIN)
    arrived = sorted(_once(events), key=key)
    shown = ShownCustomers(kind, settings, packing)
    found = whole(Lately(read_whole(kind, settings, arrived).processor, shown), now)
    local = (people.EPOCH + timedelta(milliseconds=now)).astimezone(BERLIN)
    model = reference.report(arrived, [], now, BERLIN)
    expected: Figures = Counter(
        {
            ("customers_purchased",): model["purchasers"],
            ("customers_repurchased",): model["repurchasers"],
            ("customers_churned",): model["churned"],
        }
    )
    for period, (this, last) in _periods(local).items():
        row = model["retention"].get(this, {})
        former = model["retention"].get(last, {})
        expected["customers", period] = row.get("customers", 0)
        expected["customers_retained", period] = row.get("retained", 0)
        expected["customers_returning", period] = row.get("returning", 0)
        expected["customers_before", period] = former.get("customers", 0)
    contacts = {key for key in found if key[0] in CONTACTS.values()}
    assert Counter({k: n for k, n in found.items() if k not in contacts}) == +expected


@given(customer_events.customer_events(), st.sampled_from(("phone", "chat")))
def test_contacts_are_those_of_the_last_seven_local_days(events: list[Event], channel: str) -> None:
    now = customer_events.at_ms(7, 2)
    kind = Customers(BERLIN)
    arrived = sorted(_once(events), key=key)
    shown = ShownCustomers(kind, SETTINGS, packing)
    found = whole(Lately(read_whole(kind, SETTINGS, arrived).processor, shown), now)
    # The first day of the events is the eighth before now.
    second = customer_events.text(customer_events.at_ms(0, 23))
    own = [
        event
        for event in arrived
        if event["type"].startswith("contact.")
        and event["data"]["channel"] == channel
        and (event["type"] != "contact.queued" or event["time"] >= second)
    ]
    model = reference.report(own, [], now, BERLIN)["contacts"]
    assert [found[metric, channel] for metric in CONTACTS.values()] == [
        model[name] for name in ("queued", "answered", "abandoned", "waited_ms")
    ]


@given(customer_events.tellings(customer_events.MONTHS[:5]), st.integers(31, 90))
def test_of_requesters_they_are_those_of_the_reference_model(told: list[Event], day: int) -> None:
    settings = Settings(zone=BERLIN)
    kind = Requesters(BERLIN)
    now = max(customer_events.at_ms(day, 12), customer_events.at_ms(75, 0))
    partition = EntityPartition(kind, settings, decoded(told, REQUESTER_TYPES))
    partition.read()
    found = whole(Lately(partition.processor, ShownRequesters(kind, settings, packing)), now)
    local = (people.EPOCH + timedelta(milliseconds=now)).astimezone(BERLIN)
    row = reference.report([], told, now, BERLIN)["months"].get(f"{local:%Y-%m}", {})
    assert [found["requesters",], found["requesters_repeated",], found["requesters_tickets",]] == [
        row.get(name, 0) for name in ("requesters", "repeat_requesters", "tickets")
    ]


def test_an_agent_nobody_hears_of_grows_old_all_the_same() -> None:
    """A shift goes on without any event; a minute later it is counted on."""
    kind, shown = SHOWN["agents"]
    shift = {
        "specversion": "1.0",
        "id": "1",
        "source": "wfm",
        "type": "agent.scheduled",
        "subject": "A1",
        "time": agent_events.instant(0, 0),
        "data": {
            "shift": "s1",
            "start": agent_events.instant(0, 2),
            "end": agent_events.instant(0, 20),
            "queue": "q",
        },
    }
    lately = Lately(read_whole(kind, SETTINGS, [shift]).processor, shown)
    noon = agent_events.START_MS + 6 * HOUR
    lost = ("window_lost_seconds", "1d", "q", "unexplained")
    assert whole(lately, noon)[lost] == 5 * HOUR
    assert whole(lately, noon + 59_999)[lost] == 5 * HOUR
    found = whole(lately, noon + 60_000)
    assert found[lost] == 5 * HOUR + 60_000
    assert found["agents_scheduled", "q"] == 1
    zeros = lately.figures(noon + 60_000)
    assert [zeros["agents", "q", state] for state in STATES] == [0] * len(STATES)


def _periods(local: datetime) -> dict[str, tuple[str, str]]:
    """The names of the periods of an instant, and of those before."""
    month, quarter = local.year * 12 + local.month - 1, local.year * 4 + (local.month - 1) // 3

    def months(number: int) -> str:
        return f"{number // 12}-{number % 12 + 1:02}"

    def quarters(number: int) -> str:
        return f"{number // 4}-Q{number % 4 + 1}"

    return {
        "month": (months(month), months(month - 1)),
        "quarter": (quarters(quarter), quarters(quarter - 1)),
        "year": (str(local.year), str(local.year - 1)),
    }


def _once(events: list[Event]) -> list[Event]:
    """Of the events of one id those that count."""
    found: dict[tuple[str, ...], Event] = {}
    for event in sorted(events, key=key, reverse=True):
        found[event["subject"], event["source"], event["id"]] = event
    return list(found.values())
