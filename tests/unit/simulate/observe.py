"""Reads a simulated log the way a person would: naive counts, to judge how real it looks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = 1_772_433_000_000
"""2026-03-02 07:30 in Berlin."""
DONE = {"resolved", "closed"}
HOUR = 3_600_000


def instant(event: dict[str, Any]) -> int:
    """The event's time in epoch milliseconds."""
    return int(datetime.fromisoformat(event["time"]).timestamp() * 1000 + 0.5)


def local(at_ms: int) -> datetime:
    """The wall clock in the simulated office."""
    return datetime.fromtimestamp(at_ms / 1000, ZONE)


@dataclass
class Log:
    """What a pass over the events in order of time has seen."""

    created: dict[str, int] = field(default_factory=dict)
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    first_response: dict[str, int] = field(default_factory=dict)
    resolutions: int = 0
    reopens: int = 0
    transferred: set[str] = field(default_factory=set)
    waiting: dict[int, int] = field(default_factory=dict)
    """Per full hour: tickets whose customer waits for an agent."""
    seen: Counter[str] = field(default_factory=Counter)


def observe(events: Iterable[dict[str, Any]]) -> Log:
    """Count what the realism tests ask about."""
    log = Log()
    waits: set[str] = set()
    hour = 0
    for event in events:
        at = instant(event)
        while hour and hour <= at:
            log.waiting[hour] = len(waits)
            hour += HOUR
        hour = hour or at - at % HOUR + HOUR
        _apply(log, waits, event, at)
    return log


def _apply(log: Log, waits: set[str], event: dict[str, Any], at: int) -> None:
    ticket, data, kind = event["subject"], event["data"], event["type"]
    log.seen[kind] += 1
    if kind == "ticket.created":
        log.created[ticket] = at
        log.state[ticket] = dict(data)
        if data["actor"]["role"] == "requester":
            waits.add(ticket)
    elif kind == "ticket.updated":
        _update(log, waits, ticket, data)
    elif kind == "ticket.replied":
        _reply(log, waits, ticket, data, at)
    elif kind in {"ticket.merged", "ticket.deleted"}:
        waits.discard(ticket)


def _update(log: Log, waits: set[str], ticket: str, data: dict[str, Any]) -> None:
    before = log.state[ticket]
    after = before | data
    log.state[ticket] = after
    if after["queue"] != before["queue"]:
        log.transferred.add(ticket)
    if after["status"] in DONE and before["status"] not in DONE:
        log.resolutions += 1
        waits.discard(ticket)
    if before["status"] in DONE and after["status"] not in DONE:
        log.reopens += 1


def _reply(log: Log, waits: set[str], ticket: str, data: dict[str, Any], at: int) -> None:
    role = data["author"]["role"]
    if role == "agent" and data["visibility"] == "public":
        waits.discard(ticket)
        log.first_response.setdefault(ticket, at - log.created[ticket])
    elif role == "requester" and not data.get("automatic"):
        log.seen["requester_message"] += 1
        if log.state[ticket]["status"] not in DONE:
            waits.add(ticket)
