"""Customers for the reference model: each question asked by itself, of all events at once.

Written from KPIS.md and docs/decisions/0015, apart from the engine: no sums are kept, nothing is
settled. Events are CloudEvents dicts, all of them in time; of one id only one is given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from tests.reference.events import parse_time
from tests.reference.people import EPOCH, key

DAY_MS = 86_400_000
WINDOW_MS = 92 * DAY_MS
FEW = 5
"""A value of fewer carries a mark."""

CloudEvent = Mapping[str, Any]
Report = dict[str, Any]


def report(
    public: Sequence[CloudEvent], told: Sequence[CloudEvent], as_of: int, zone: tzinfo
) -> Report:
    """The figures of the report's `customers` that this model knows."""
    events = sorted((e for e in public if parse_time(e["time"]) < as_of), key=key)
    tickets = _tickets(told)
    names = sorted({e["subject"] for e in events} | {name for name, _ in tickets})
    of = {n: [e for e in events if e["subject"] == n] for n in names}
    owned = {n: [t for name, t in tickets if name == n] for n in names}
    return {
        "retention": _retention(of, zone),
        "purchasers": sum(len(_purchases(of[n])) >= 1 for n in names),
        "repurchasers": sum(len(_purchases(of[n])) >= 2 for n in names),
        "churned": sum(e["type"] == "customer.churned" for e in events),
        "contacts": _contacts(of, as_of),
        "months": _months(owned, as_of, zone),
        "repeat_contacts": sum(
            _repeats(t, owned[n])
            for n in names
            for t in owned[n]
            if t.get("created", as_of) < as_of
        ),
        "after_support": _after_support(of, owned, as_of),
        "deflection": _deflection(of, owned, as_of),
    }


def _times(events: Iterable[CloudEvent], kind: str) -> list[int]:
    return [parse_time(e["time"]) for e in events if e["type"] == kind]


def _tickets(told: Sequence[CloudEvent]) -> list[tuple[str, dict[str, Any]]]:
    """(requester, ticket) as told last to each requester."""
    last: dict[tuple[str, str], CloudEvent] = {}
    for event in sorted(told, key=lambda e: int(e["sequence"])):
        last[event["subject"], event["data"]["ticket"]] = event
    return [(name, dict(event["data"])) for (name, _), event in last.items()]


def _purchases(events: Sequence[CloudEvent]) -> list[CloudEvent]:
    return [
        e for e in events if e["type"] == "customer.active" and e["data"]["activity"] == "purchase"
    ]


def _local(at: int, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(zone)


def _retention(of: Mapping[str, Sequence[CloudEvent]], zone: tzinfo) -> Report:
    names: tuple[Callable[[datetime], int], ...] = (
        lambda d: d.year * 12 + d.month - 1,
        lambda d: d.year * 4 + (d.month - 1) // 3,
        lambda d: d.year,
    )
    shown: tuple[Callable[[int], str], ...] = (
        lambda n: f"{n // 12}-{n % 12 + 1:02}",
        lambda n: f"{n // 4}-Q{n % 4 + 1}",
        str,
    )
    found: Report = {}
    for number, show in zip(names, shown, strict=True):
        active = {
            n: {number(_local(at, zone)) for at in _times(events, "customer.active")}
            for n, events in of.items()
        }
        for period in sorted(set().union(*active.values()) if active else ()):
            found[show(period)] = {
                "customers": sum(period in each for each in active.values()),
                "returning": sum(period in each and min(each) < period for each in active.values()),
                "of_previous": sum(period - 1 in each for each in active.values()),
                "retained": sum({period - 1, period} <= each for each in active.values()),
            }
            found[show(period)]["low_sample"] = found[show(period)]["of_previous"] < FEW
    return found


def _contacts(of: Mapping[str, Sequence[CloudEvent]], as_of: int) -> Report:
    found = dict.fromkeys(("queued", "answered", "abandoned", "waiting", "unknown", "waited_ms"), 0)
    for events in of.values():
        for place, event in enumerate(events):
            if event["type"] != "contact.queued":
                continue
            found["queued"] += 1
            since = parse_time(event["time"])
            following = [
                e
                for e in events[place + 1 :]
                if e["type"].startswith("contact.")
                and e["data"]["channel"] == event["data"]["channel"]
            ]
            ended = following[0] if following else None
            if ended is None:
                found["waiting" if as_of <= since + DAY_MS else "unknown"] += 1
            elif ended["type"] == "contact.queued" or parse_time(ended["time"]) > since + DAY_MS:
                found["unknown"] += 1
            else:
                found[ended["type"].removeprefix("contact.")] += 1
                if ended["type"] == "contact.answered":
                    found["waited_ms"] += parse_time(ended["time"]) - since
    return found


def _months(owned: Mapping[str, Sequence[Mapping[str, Any]]], as_of: int, zone: tzinfo) -> Report:
    found: Report = {}
    for tickets in owned.values():
        created = [t["created"] for t in tickets if t.get("created", as_of) < as_of]
        for month in {_local(at, zone).strftime("%Y-%m") for at in created}:
            number = sum(_local(at, zone).strftime("%Y-%m") == month for at in created)
            row = found.setdefault(month, {"requesters": 0, "repeat_requesters": 0, "tickets": 0})
            row["requesters"] += 1
            row["repeat_requesters"] += number > 1
            row["tickets"] += number
    return {month: {**row, "low_sample": row["requesters"] < FEW} for month, row in found.items()}


def _repeats(ticket: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    return bool(ticket.get("category")) and any(
        other["ticket"] != ticket["ticket"]
        and other.get("category") == ticket["category"]
        and any(0 <= ticket["created"] - end <= 7 * DAY_MS for end in other["resolved"])
        for other in others
    )


def _after_support(
    of: Mapping[str, Sequence[CloudEvent]],
    owned: Mapping[str, Sequence[Mapping[str, Any]]],
    as_of: int,
) -> Report:
    """(customers, retained, pending) of those helped, by CSAT and conflict, and of the others."""
    found: dict[str, list[int]] = {}
    for name, events in of.items():
        start = as_of - WINDOW_MS
        active = [at for at in _times(events, "customer.active") if at >= start]
        groups: dict[str, list[int]] = {}
        for ticket in owned[name]:
            for end in ticket["resolved"]:
                if start <= end < as_of:
                    for group in ("all", ticket["band"], "conflict" if ticket["conflict"] else ""):
                        groups.setdefault(group, []).append(end)
        groups.pop("", None)
        if not groups and active:
            groups["without"] = active
        for group, ends in groups.items():
            row = found.setdefault(group, [0, 0, 0])
            back = any(0 < at - end <= 30 * DAY_MS for end in ends for at in active)
            row[0] += 1
            row[1] += back
            row[2] += not back and any(end + 30 * DAY_MS >= as_of for end in ends)
    return found


def _deflection(
    of: Mapping[str, Sequence[CloudEvent]],
    owned: Mapping[str, Sequence[Mapping[str, Any]]],
    as_of: int,
) -> Report:
    found = {"sessions": 0, "deflected": 0, "pending": 0}
    for name, events in of.items():
        asked = _times(events, "contact.queued")
        asked = [at for at in asked if at >= as_of - WINDOW_MS]
        asked += [t["created"] for t in owned[name] if t.get("created", as_of) < as_of]
        for event in events:
            if event["type"] != "selfservice.session":
                continue
            found["sessions"] += 1
            at = parse_time(event["time"])
            alone = not any(0 < when - at <= 7 * DAY_MS for when in asked)
            if at >= as_of - WINDOW_MS and event["data"]["resolved"] and alone:
                found["pending" if at + 7 * DAY_MS >= as_of else "deflected"] += 1
    return found
