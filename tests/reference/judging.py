"""What becomes of each arrival: refused, ignored, late, duplicate or applied, one by one.

Nothing is remembered between two arrivals but the events kept so far; every question is
answered from them anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.reference.events import ATTRIBUTES, ENUMS, KNOWN_TYPES, Event, parse, parse_time
from tests.reference.settings import Settings

ANCIENT_MS = parse_time("2000-01-01T00:00:00Z")


@dataclass(slots=True)
class Judged:
    """The events that count, by subject, and how many arrivals met which fate."""

    kept: dict[str, list[Event]] = field(default_factory=dict)
    redacted: set[str] = field(default_factory=set)
    read: int = 0
    applied: int = 0
    duplicate: int = 0
    late: int = 0
    conflict: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def newest_ms(self) -> int | None:
        """The highest time of an event that counts; None without any."""
        return max((e.time_ms for events in self.kept.values() for e in events), default=None)

    def flags(self) -> Counter[str]:
        """Oddities of the events that count (one per event), and conflicting duplicates."""
        found = Counter({"conflict": self.conflict})
        for event in (event for events in self.kept.values() for event in events):
            if event.type in {"ticket.created", "ticket.updated"}:
                found["unknown_attribute"] += bool(event.data.keys() - ATTRIBUTES - {"actor"})
                found["unknown_enum"] += any(
                    event.data.get(name) is not None and event.data[name] not in values
                    for name, values in ENUMS.items()
                )
        return +found


def judge(
    arrivals: Iterable[Mapping[str, Any]],
    settings: Settings,
    rejected: Mapping[str, int] | None = None,
) -> Judged:
    """Judge `arrivals` in their order; `rejected` counts those that are no event at all."""
    judged = Judged(rejected=Counter(rejected), read=sum((rejected or {}).values()))
    for arrival in arrivals:
        judged.read += 1
        _judge_one(parse(arrival), judged, settings)
    return judged


def split(events: Iterable[Event], forgotten_ms: int) -> list[list[Event]]:
    """The tickets in the events of one subject, each in order-key order.

    Two consecutive events more than `forgotten_ms` apart belong to two tickets.
    """
    tickets: list[list[Event]] = []
    for event in sorted(events):
        if not tickets or event.time_ms - tickets[-1][-1].time_ms > forgotten_ms:
            tickets.append([])
        tickets[-1].append(event)
    return tickets


def _judge_one(event: Event, judged: Judged, settings: Settings) -> None:
    if event.time_ms < ANCIENT_MS:
        judged.rejected["ancient"] += 1
    elif event.type == "ticket.merged" and event.data["into"] == event.subject:
        judged.rejected["self_merge"] += 1
    elif event.type not in KNOWN_TYPES:
        judged.ignored["unknown_type"] += 1
    elif event.subject in judged.redacted and event.type != "ticket.restored":
        judged.ignored["redacted"] += 1
    elif _is_late(event, judged.kept.get(event.subject, []), settings):
        judged.late += 1
    else:
        _keep(event, judged, settings)


def _is_late(event: Event, kept: list[Event], settings: Settings) -> bool:
    """Older than the newest event of its ticket by more than the horizon; equal is not.

    The creation of an orphan never is: of the newest ticket of the subject, if that has none.
    """
    newest_ms = max((other.time_ms for other in kept), default=event.time_ms)
    if newest_ms - event.time_ms <= settings.apply_within_ms:
        return False
    newest_ticket = split([*kept, event], settings.forgotten_ms)[-1]
    others = [other for other in newest_ticket if other is not event]
    completes_orphan = (
        event.type == "ticket.created"
        and len(others) < len(newest_ticket)
        and not any(other.type == "ticket.created" for other in others)
    )
    return not completes_orphan


def _keep(event: Event, judged: Judged, settings: Settings) -> None:
    """Of events with the same subject, source and id the one with the lowest order key counts."""
    kept = judged.kept.setdefault(event.subject, [])
    tickets = split([*kept, event], settings.forgotten_ms)
    own = next(ticket for ticket in tickets if any(other is event for other in ticket))
    twin = next((o for o in own if o is not event and o.name == event.name), None)
    if twin is None:
        judged.applied += 1
        kept.append(event)
    else:
        judged.duplicate += 1
        judged.conflict += twin != event
        kept[kept.index(twin)] = min(twin, event)
    if twin is None and event.type == "ticket.deleted" and event.data.get("reason") == "redacted":
        judged.redacted.add(event.subject)
    if twin is None and event.type == "ticket.restored":
        judged.redacted.discard(event.subject)
