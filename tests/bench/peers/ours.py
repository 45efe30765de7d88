"""Deskpulse in the comparison: configured down to the KPIs of the peers, and whole.

The ServiceNow log has no replies, so its tickets are answered when they leave `new`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streams.core import facts
from streams.core.watch import OPEN
from tests.bench.alone import alone
from tests.bench.cluster import CONF, application
from tests.bench.peers.topics import records
from tests.brokers import Broker

_LEFT_NEW: Final = 'sources: {"*": {response_signal: left_new}}\n'


class Setup(NamedTuple):
    """How a worker is configured."""

    settings: str
    """Lines of deskpulse.yml."""
    promises: str
    """The text of sla.yml."""
    clocks: tuple[str, ...]
    """The SLA clocks that every ticket has."""


BASIC: Final = Setup(_LEFT_NEW + "windows: []\ncatalogue: []\n", "", ())
"""No window, no promises, no catalogue: what is left are the KPIs of the peers, and history."""

WHOLE: Final = Setup(
    # By the wall clock the log would be years old: nothing would be in a window, and every
    # deadline would have passed before it began to run.
    _LEFT_NEW + "time: event\n",
    """
calendars:
  office:
    timezone: Europe/Berlin
    hours: {mon-fri: ["08:00-12:00", "13:00-18:00"]}
policies:
  - name: everybody
    calendar: office
    targets:
      first_response: {urgent: 15m, high: 1h, normal: 4h, low: 1bd}
      pickup: {urgent: 10m, high: 30m, normal: 2h, low: 4h}
      resolution: {urgent: 4h, high: 1bd, normal: 3bd, low: 5bd, pause: [pending], warn: [75%]}
""",
    ("first_response", "pickup", "resolution"),
)
"""All windows, three clocks for every ticket in working time, their transitions published."""


def run(broker: Broker, source: str, events: int, setup: Setup) -> dict[str, Any]:
    """What one worker process, exactly once, made of the events of a topic."""
    with application(broker, source, setup.promises, setup.settings) as app:
        found = alone("observed", app.folder / CONF, events)
        said = records(broker.bootstrap, app.config.topics.transitions)
    (began, cpu_before), (durable, cpu_after) = found["seen"]["first"], found["seen"]["durable"]
    _check_clocks(setup, found, said)
    return {
        "events_per_s": events / (durable - began),
        "events_per_cpu_s": events / (cpu_after - cpu_before),
        "rss_mb": found["rss"] / 1e6,
        **_answer(found),
    }


def _answer(found: Mapping[str, Any]) -> dict[str, Any]:
    """In the words of the reference (`of_deskpulse`)."""
    sums = found["sums"]
    assert set(found["outcomes"]) == {"applied"}, found["outcomes"]
    return {
        "applied": found["outcomes"]["applied"],
        "tickets": found["tickets"],
        "created": sums[facts.CREATED],
        "responded": sums[facts.FIRST_RESPONSE],
        "resolved": sums[facts.RESOLVED],
        "reopened": sums.get(facts.REOPENED, 0),
        "open": {queue: number for queue, number in found["open"].items() if number},
    }


def _check_clocks(setup: Setup, found: Mapping[str, Any], said: int) -> None:
    """Every ticket has its clocks, those that are open run, and what ended was told."""
    if not setup.clocks:
        assert (found["clocks"], said) == ({}, 0), (found["clocks"], said)
        return
    states: dict[str, dict[str, int]] = {clock: {} for clock in setup.clocks}
    for name, number in found["clocks"].items():
        clock, _, state = name.partition(".")
        states[clock][state] = number
    # Of a ticket that has shrunk to its checkpoint only a clock that can run on is an instance.
    assert sum(states["resolution"].values()) == found["tickets"], states
    assert _open(states["resolution"]) == found["depth"], (states, found["depth"])
    assert all(0 < sum(numbers.values()) <= found["tickets"] for numbers in states.values()), states
    ended = sum(sum(numbers.values()) - _open(numbers) for numbers in states.values())
    assert said >= ended, f"{said} transitions of {ended} clocks that ended"


def _open(states: Mapping[str, int]) -> int:
    return sum(states.get(state, 0) for state in OPEN)
