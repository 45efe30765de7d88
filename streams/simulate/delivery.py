"""The way to Kafka: most events arrive at once and in order, some late, twice or broken."""

from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any, Final

from streams.core import events
from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate.chance import SECOND, between, pick, spread
from streams.simulate.garbage import spoil
from streams.simulate.journal import Happening, timestamp
from streams.simulate.scenario import TICKETS, Delivery, Scenario, Topic
from streams.simulate.simulation import FOREVER, happenings
from streams.wire.codec import dumps

LATENCY: Final = 200
"""Milliseconds from the event to the topic when nothing is wrong."""
DELAYS: Final = {"seconds": 0.7, "minutes": 0.23, "hours": 0.06, "week": 0.01}
RESTAMPED: Final = 0.2
"""Share of second deliveries whose sender put the time of the retry on them."""


def events_only(scenario: Scenario, topic: Topic = TICKETS) -> Iterator[dict[str, Any]]:
    """A topic's events as structured CloudEvents, in order of time, each once, none spoiled.

    Those of the warm-up come first. Endless if the scenario is.
    """
    return (happening.event for happening in happenings(scenario) if happening.topic == topic)


def generate(scenario: Scenario) -> Iterator[Delivery]:
    """What reaches all topics, `due_ms` never decreasing; endless if the scenario is.

    Every event of `happenings` arrives at least once, no later than the end. Without
    skew, its first or only unaltered copy is the same event.
    """
    post = _Post(scenario)
    for happening in happenings(scenario):
        yield from post.until(happening.at_ms)
        post.send(happening)
    yield from post.until(FOREVER)


class _Post:
    """Messages under way, in a heap by the time they are due."""

    __slots__ = ("_count", "_end", "_rng", "_scenario", "_under_way")

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._end = FOREVER if scenario.end_ms is None else scenario.end_ms
        self._rng = Random(f"{scenario.seed}/delivery")
        self._under_way: list[tuple[int, int, Topic, bytes, bytes]] = []
        self._count = 0

    def until(self, at_ms: int) -> Iterator[Delivery]:
        """Hand over what is due up to an instant (inclusive)."""
        while self._under_way and self._under_way[0][0] <= at_ms:
            due, _, topic, key, value = heappop(self._under_way)
            yield Delivery(max(due, self._scenario.start_ms), topic, key, value)

    def send(self, happening: Happening) -> None:
        """Send an event on its way, with what may befall it."""
        scenario, rng = self._scenario, self._rng
        at, topic, event = happening
        key = event["subject"].encode()
        if rng.random() < scenario.skew and event["type"] == events.REPLIED:
            skewed = at + between(rng, -4 * MINUTE, MINUTE)
            event = {**event, "time": timestamp(skewed)}
        due = at + (self._delay(at) if rng.random() < scenario.late else LATENCY)
        self._put(due, topic, key, dumps(event))
        if rng.random() < scenario.duplicate:
            retried = min(due + spread(rng, 20 * SECOND, 1.5), self._end)
            again = {**event, "time": timestamp(retried)} if rng.random() < RESTAMPED else event
            self._put(retried, topic, key, dumps(again))
        if rng.random() < scenario.garbage:
            self._put(due, topic, *spoil(rng, event))

    def _delay(self, at_ms: int) -> int:
        rng = self._rng
        match pick(rng, DELAYS):
            case "seconds":
                return between(rng, SECOND, MINUTE)
            case "minutes":
                return between(rng, MINUTE, HOUR)
            case "week" if at_ms + 13 * DAY < self._end:
                return between(rng, 8 * DAY, 12 * DAY)
            case _:
                return between(rng, HOUR, 12 * HOUR)

    def _put(self, due_ms: int, topic: Topic, key: bytes, value: bytes) -> None:
        self._count += 1
        heappush(self._under_way, (min(due_ms, self._end), self._count, topic, key, value))
