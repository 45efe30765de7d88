"""A CloudEvent of a ticket in the few fields that its facts depend on."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

KNOWN_TYPES = {
    "ticket.created",
    "ticket.updated",
    "ticket.replied",
    "ticket.worked",
    "ticket.merged",
    "ticket.deleted",
    "ticket.restored",
    "ticket.cost",
    "ticket.reviewed",
    "survey.sent",
    "survey.responded",
}

ENUMS = {
    "status": {"new", "open", "pending", "on_hold", "resolved", "closed"},
    "priority": {"urgent", "high", "normal", "low"},
    "kind": {"question", "incident", "problem", "task", "complaint", "conflict"},
}

ATTRIBUTES = {*ENUMS, "queue", "assignee", "channel", "category", "complexity", "wait_reason"} | {
    *("requester", "organization", "segment", "product", "language", "tags")
}


class Event(NamedTuple):
    """One event; its first four fields are the order key, `raw` breaks what ties remain."""

    time_ms: int
    sequence: int
    source: str
    id: str
    raw: bytes
    type: str
    subject: str
    data: Mapping[str, Any]

    @property
    def name(self) -> tuple[str, str]:
        """What two deliveries of the same event of a ticket share."""
        return (self.source, self.id)


def parse(cloud_event: Mapping[str, Any]) -> Event:
    """The event in a CloudEvents dict (structured mode), which must be valid."""
    data = cloud_event.get("data") or {}
    raw = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Event(
        parse_time(cloud_event["time"]),
        int(cloud_event.get("sequence") or 0),
        cloud_event["source"],
        cloud_event["id"],
        raw,
        cloud_event["type"],
        cloud_event["subject"],
        data,
    )


def parse_time(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time with zone, cut off after the third digit."""
    found = re.fullmatch(r"(.{10})[Tt ](.{8})(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", text)
    if found is None:
        raise ValueError(f"not an RFC 3339 time with zone: {text!r}")
    date, clock, fraction, zone = found.groups()
    whole = datetime.fromisoformat(f"{date}T{clock}{zone.upper().replace('Z', '+00:00')}")
    return int(whole.timestamp()) * 1000 + int((fraction or "").ljust(3, "0")[:3])


def format_time(time_ms: int) -> str:
    """RFC 3339 in UTC; milliseconds are written only when there are any."""
    seconds, milliseconds = divmod(time_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{milliseconds:03}Z" if milliseconds else f"{text}Z"
