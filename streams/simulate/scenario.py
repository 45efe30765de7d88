"""What to simulate, and what comes out: the settings of a run and one Kafka message."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.core.instants import DAY, HOUR
from streams.simulate.causes import CAUSES, Cause, ScenarioName

Topic = Literal["source", "agents", "customers"]
"""Where an event goes: a key of `topics` in deskpulse.yml, which names the Kafka topic."""
TICKETS: Final = "source"
AGENTS: Final = "agents"
CUSTOMERS: Final = "customers"
RELEASED_AFTER: Final = 2 * HOUR

HEADERS: Final = (("content-type", b"application/cloudevents+json"),)
"""The Kafka headers of a structured CloudEvent."""


class Delivery(NamedTuple):
    """One message as it reaches a topic."""

    due_ms: int
    """When it arrives, epoch milliseconds of the simulated world; never before the last one."""
    topic: Topic
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = HEADERS


@dataclass(frozen=True, slots=True)
class Scenario:
    """A support operation over a span of time; equal scenarios give identical bytes.

    Rates are shares of the well-formed events, each in [0, 1]. Raises `ValueError`
    for a setting out of its range.
    """

    start_ms: int
    """Epoch milliseconds at which deliveries begin."""
    seed: int = 1
    name: str = ScenarioName.USUAL
    """One of `ScenarioName`: what is wrong in this company, on top of a usual week."""
    days: float | None = None
    """Length from `start_ms`; None never ends. Nothing happens or arrives after the end."""
    scale: float = 400.0
    """Tickets of an average working day; the staff is hired to match."""
    zone: str = "Europe/Berlin"
    """IANA zone in which the customers wake and the shifts are planned."""
    warm_up_days: int = 3
    """Whole local days lived before the day of `start_ms`. What happened before
    `start_ms` is due at `start_ms`, in its order of arrival, as backlog."""
    late: float = 0.02
    """Events delayed by seconds to hours, a few of them by more than a week if the run is long."""
    duplicate: float = 0.01
    """Events delivered twice, now and then with the second time stamped anew."""
    skew: float = 0.005
    """Replies stamped by a clock that is minutes slow or a little fast."""
    garbage: float = 0.002
    """Messages that no reader can use, on top of the events."""

    def __post_init__(self) -> None:
        if self.name not in set(ScenarioName):
            raise ValueError(f"name: {self.name!r} is none of {', '.join(ScenarioName)}")
        for name in ("late", "duplicate", "skew", "garbage"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name}: expected a share between 0 and 1")
        if not 1.0 <= self.scale <= 1_000_000.0:
            raise ValueError("scale: expected 1 to 1000000 tickets per working day")
        if self.days is not None and self.days <= 0:
            raise ValueError("days: expected more than 0, or none for an endless run")
        if self.warm_up_days < 0:
            raise ValueError("warm_up_days: expected 0 or more")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"zone: {self.zone!r} is not an IANA time zone") from None

    @property
    def cause(self) -> Cause:
        """What is wrong."""
        return CAUSES[ScenarioName(self.name)]

    @property
    def released_ms(self) -> int:
        """The instant of the release where the cause is one, in epoch milliseconds."""
        return self.start_ms + RELEASED_AFTER

    @property
    def end_ms(self) -> int | None:
        """The instant at which the run is over (exclusive for events), None if it never is."""
        return None if self.days is None else self.start_ms + int(self.days * DAY)
