"""One record of `sla-transitions`, as far as the notifier needs it."""

from typing import Any, Final, NamedTuple

from streams.core.instants import parse_rfc3339
from streams.wire.codec import loads


class Told(NamedTuple):
    """What was said of one instance of a clock. Times are epoch milliseconds."""

    id: str
    """The same whenever the same is said again."""
    ticket: str
    clock: str
    source: str
    """With `event`: the event that started the instance."""
    event: str
    policy: str
    transition: str
    level: str
    at: int
    """When it happened, in event time."""
    start: int
    target: int
    """Milliseconds of the calendar's open time, like `used`."""
    used: int
    deadline: int | None
    priority: str
    queue: str
    refers_to: str


def told(value: bytes) -> Told:
    """Read a record (schemas/sla-transition.json); raises `ValueError` for anything else."""
    try:
        return _told(loads(value))
    except (KeyError, TypeError, AttributeError, OverflowError, ValueError) as error:
        # Its own text might show what stands in the record.
        what = f" {error}" if isinstance(error, KeyError) else ""
        raise ValueError(f"no transition: {type(error).__name__}{what}") from None


def _told(one: Any) -> Told:
    attributes = one["attributes"]
    found = Told(
        id=one["id"],
        ticket=one["ticket"],
        clock=one["clock"],
        source=one["instance"]["source"],
        event=one["instance"]["id"],
        policy=one["policy"],
        transition=one["transition"],
        level=one.get("level", ""),
        at=parse_rfc3339(one["time"]),
        start=parse_rfc3339(one.get("started_at", one["time"])),
        target=round(one["target_s"] * 1000),
        used=round(one["elapsed"]["working_s"] * 1000),
        deadline=None if one["deadline"] is None else parse_rfc3339(one["deadline"]),
        priority=attributes.get("priority", ""),
        queue=attributes.get("queue", ""),
        refers_to=one.get("refers_to", ""),
    )
    for name in _TEXTS:
        if not isinstance(getattr(found, name), str):
            raise TypeError(f"{name} is no text")
    return found


_TEXTS: Final = tuple(name for name, kind in Told.__annotations__.items() if kind is str)
