"""What is said of one open instance: the labels that route it, the text, the links.

The ticket stands in annotations only. A short hash in the labels keeps the alerts of two
tickets apart and stays the same for as long as the instance lives.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from streams.config.model import Config
from streams.config.notify import Notify
from streams.config.values import time_text
from streams.core.clocks import BREACHED
from streams.core.instants import format_rfc3339
from streams.metrics.labels import clean
from streams.notify.books import Instance
from streams.notify.told import Told

BREACH: Final = "TicketBreached"
AT_RISK: Final = "TicketAtRisk"

MAX_TICKET: Final = 128
"""Characters of a ticket's id, which has to be whole to be looked up."""

Labels = tuple[tuple[str, str], ...]
"""Sorted by name, without empty ones: what tells Alertmanager which alert it is."""


class Alert(NamedTuple):
    """One alert, firing."""

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    since: int
    """Epoch milliseconds."""
    title: str
    """For the log: what it is, and which one; no log has a ticket in it."""


class Wording:
    """Says things the way the configuration wants them said."""

    def __init__(self, config: Config) -> None:
        self._notify = config.notify
        self._zone: ZoneInfo = config.timezone
        self._app = config.app

    def alert(self, instance: Instance, mark: Told) -> Alert | None:
        """The alert of an open instance; `None` where the configuration wants none."""
        if not _wanted(mark, self._notify):
            return None
        breached = mark.transition == BREACHED
        name = BREACH if breached else AT_RISK
        labels = {
            "alertname": name,
            "severity": "critical" if breached else "warning",
            "policy": clean(mark.policy),
            "clock": clean(mark.clock),
            "queue": clean(mark.queue),
            "ticket_priority": clean(mark.priority),
            "app": self._app,
            "instance_id": instance.hex(),
        }
        ticket = _ticket(mark)
        return Alert(
            tuple(sorted((key, value) for key, value in labels.items() if value)),
            tuple(self._annotations(mark, labels, ticket).items()),
            mark.at,
            f"{name} {labels['clock']} {labels['instance_id']}",
        )

    def _annotations(self, mark: Told, labels: Mapping[str, str], ticket: str) -> dict[str, str]:
        of = ", ".join(
            f"{name} {labels[key]}"
            for name, key in (("priority", "ticket_priority"), ("queue", "queue"))
            if labels[key]
        )
        what = "breached" if mark.transition == BREACHED else "at risk"
        said = {
            "summary": f"{ticket}: {labels['clock']} {what}" + (f" ({of})" if of else ""),
            "description": self._description(mark, labels),
            "ticket": ticket,
        }
        values = {**labels, "ticket": mark.ticket, "alert": labels["alertname"].lower()}
        for key in ("ticket_url", "runbook_url", "dashboard_url"):
            link = getattr(self._notify, key)
            if link is not None:
                said[key] = _filled(link, values)
        return said

    def _description(self, mark: Told, labels: Mapping[str, str]) -> str:
        target, used = time_text(mark.target), time_text(mark.used)
        promise = (
            f"Policy {labels['policy']} promises {labels['clock']} within {target}, "
            f"counted since {format_rfc3339(mark.start)}."
        )
        if mark.deadline is None:
            due = "The clock is paused and has no deadline now."
        else:
            tense = "was" if mark.transition == BREACHED else "is"
            due = f"The deadline {tense} {self._instant(mark.deadline)}."
        level = f" (warn level {clean(mark.level)})" if mark.level else ""
        return f"{promise} {due} {used} of {target} were used then{level}."

    def _instant(self, at: int) -> str:
        """In UTC, and as clocks on the wall show it."""
        try:
            local = datetime.fromtimestamp(at / 1000, self._zone)
        except (OverflowError, ValueError, OSError):
            return format_rfc3339(at)
        return f"{format_rfc3339(at)} ({local:%Y-%m-%d %H:%M:%S %Z})"


def _wanted(mark: Told, notify: Notify) -> bool:
    """Whether the configuration asks for alerts of this kind."""
    return (
        (notify.warnings or mark.transition == BREACHED)
        and (not notify.priorities or mark.priority in notify.priorities)
        and (not notify.policies or mark.policy in notify.policies)
        and (not notify.clocks or mark.clock in notify.clocks)
    )


def _ticket(mark: Told) -> str:
    return "".join(filter(str.isprintable, mark.ticket))[:MAX_TICKET]


def _filled(link: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: quote(values[name[1]], safe=""), link)
