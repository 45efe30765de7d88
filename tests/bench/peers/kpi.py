"""What every Python peer computes per event, and the line in which it reports the outcome.

KStreamsPeer.java mirrors it, plain.py inlines it. Standard library only: this module is
imported in the environment of each library.
"""

import json
import resource
import time
from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

BOUNDS_S: Final = (
    *(60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800),
    *(86_400, 172_800, 604_800, 2_592_000),
)
DONE: Final = frozenset({"resolved", "closed"})
RESULT: Final = "RESULT "
"""The line that reports begins with it; JSON follows."""

Ticket = dict[str, Any]


class Aggregates:
    """The KPIs of a process, and a stopwatch over its events."""

    def __init__(self, total: int) -> None:
        self.total, self.events = total, 0
        self.created = self.responded = self.resolved = self.reopened = self.skipped = 0
        self.open: dict[str, int] = {}
        self.responses: dict[str, list[int]] = {}
        self.resolutions: dict[str, list[int]] = {}
        self._began = self._ended = _instant()

    def tick(self) -> bool:
        """To be called before each event; true when this one is the last."""
        if not self.events:
            self._began = _instant()
        self.events += 1
        return self.events == self.total

    def mark(self) -> None:
        """The end as of now."""
        self._ended = _instant()

    def move(self, queue: str, by: int) -> None:
        """Change how many tickets are open in a queue."""
        self.open[queue] = self.open.get(queue, 0) + by

    def observe(
        self, histograms: dict[str, list[int]], priority: str, from_ms: int, to_ms: int
    ) -> None:
        """Count a duration in the histogram of a priority."""
        histogram = histograms.get(priority)
        if histogram is None:
            histogram = histograms[priority] = [0] * (len(BOUNDS_S) + 1)
        histogram[bisect_left(BOUNDS_S, (to_ms - from_ms) // 1000)] += 1

    def answer(self) -> dict[str, Any]:
        """What was computed, in the words of the reference (`of_peers`)."""
        return {
            "events": self.events,
            "created": self.created,
            "responded": self.responded,
            "resolved": self.resolved,
            "reopened": self.reopened,
            "skipped": self.skipped,
            "open_sum": sum(self.open.values()),
            "open": {queue: number for queue, number in self.open.items() if number},
            "fr": self.responses,
            "res": self.resolutions,
        }

    def report(self) -> None:
        """Print the outcome, from the first event to the end."""
        (began, cpu_before), (ended, cpu_after) = self._began, self._ended
        found = {
            "events_per_s": self.events / (ended - began),
            "events_per_cpu_s": self.events / (cpu_after - cpu_before),
            "rss_mb": peak_rss_mb(),
        }
        print(RESULT + json.dumps(found | self.answer()), flush=True)


def peak_rss_mb() -> float:
    """The most memory this process ever had resident, MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def update(ticket: Ticket | None, event: Mapping[str, Any], kpis: Aggregates) -> Ticket | None:
    """The ticket after an event (the same object if there was one); none if it was skipped."""
    at_ms = int(datetime.fromisoformat(event["time"]).timestamp() * 1000)
    data = event["data"]
    status, queue, priority = data["status"], data["queue"], data["priority"]
    if ticket is None:
        ticket = _new(priority, at_ms)
        kpis.created += event["type"] == "ticket.created"
    if event["sequence"] <= ticket["seq"]:
        kpis.skipped += 1
        return None
    old, old_queue = ticket["status"], ticket["queue"]
    was, now = bool(old) and old not in DONE, status not in DONE
    if was != now or old_queue != queue:
        if was:
            kpis.move(old_queue, -1)
        if now:
            kpis.move(queue, 1)
    if old == "new" != status and not ticket["first_response_ms"]:
        ticket["first_response_ms"] = at_ms
        kpis.responded += 1
        kpis.observe(kpis.responses, priority, ticket["created_ms"], at_ms)
    if not now and not ticket["resolved_ms"]:
        ticket["resolved_ms"] = at_ms
        kpis.resolved += 1
        kpis.observe(kpis.resolutions, priority, ticket["created_ms"], at_ms)
    elif now and old in DONE:
        ticket["reopens"] += 1
        ticket["resolved_ms"] = 0
        kpis.reopened += 1
    ticket["status"], ticket["queue"], ticket["priority"] = status, queue, priority
    ticket["seq"] = event["sequence"]
    return ticket


def _instant() -> tuple[float, float]:
    """The time, and the CPU time of all threads, seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime


def _new(priority: str, created_ms: int) -> Ticket:
    return {
        "status": "",
        "queue": "",
        "priority": priority,
        "created_ms": created_ms,
        "first_response_ms": 0,
        "resolved_ms": 0,
        "reopens": 0,
        "seq": -1,
    }
