"""The two real logs beside the repository, read as events the way their description says."""

import csv
import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("DESKPULSE_SHARED") or Path(__file__).resolve().parents[3] / "shared")

SERVICENOW_PRIORITIES = {"1": "urgent", "2": "high", "3": "normal", "4": "low"}


def servicenow() -> Iterator[dict[str, Any]]:
    """A snapshot table: a creation at `opened_at` of the first row, an update for each row."""
    path = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
    known: set[str] = set()
    with zipfile.ZipFile(path) as archive, archive.open("incident_event_log.csv") as file:
        for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")):
            ticket = row["number"]
            if ticket not in known:
                known.add(ticket)
                yield _event(
                    ("servicenow/uci", f"{ticket}-created", "ticket.created", ticket),
                    _servicenow_time(row["opened_at"]),
                    {"channel": row["contact_type"]},
                )
            yield _event(
                ("servicenow/uci", _hash(*row.values()), "ticket.updated", ticket),
                _servicenow_time(row["sys_updated_at"]),
                {
                    "status": _servicenow_status(row["incident_state"]),
                    "queue": _given(row["assignment_group"]),
                    "assignee": _given(row["assigned_to"]),
                    "priority": SERVICENOW_PRIORITIES[row["priority"][0]],
                },
                sequence=int(row["sys_mod_count"]),
            )


def helpdesk() -> Iterator[dict[str, Any]]:
    """An activity log: a first row that opens a ticket creates it, every other row updates it."""
    path = SHARED / "data" / "helpdesk_italian" / "helpdesk_events.csv.gz"
    known: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ticket, activity = row["case_id"], row["activity"]
            opens = ticket not in known and activity in {"Assign seriousness", "Insert ticket"}
            known.add(ticket)
            row_id = _hash(ticket, activity, row["resource"], row["timestamp"])
            yield _event(
                ("helpdesk", row_id, "ticket.created" if opens else "ticket.updated", ticket),
                row["timestamp"],
                {"queue": row["workgroup"], **({} if opens else _helpdesk_change(row))},
            )


def _event(
    identity: tuple[str, str, str, str], time: str, data: dict[str, Any], sequence: int = 0
) -> dict[str, Any]:
    source, event_id, event_type, subject = identity
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": time,
        "sequence": sequence,
        "data": data,
    }


def _hash(*columns: str) -> str:
    return hashlib.sha256("\x1f".join(columns).encode()).hexdigest()[:32]


def _given(value: str) -> str | None:
    return None if value == "?" else value


def _servicenow_time(text: str) -> str:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC).isoformat()


def _servicenow_status(state: str) -> str:
    if state.startswith("Awaiting"):
        return "pending"
    return {"Active": "open"}.get(state, state.lower())


def _helpdesk_change(row: dict[str, str]) -> dict[str, str]:
    match row["activity"]:
        case "Take in charge ticket":
            return {"status": "open", "assignee": row["resource"]}
        case "Wait":
            return {"status": "pending"}
        case "Resolve ticket":
            return {"status": "resolved"}
        case "Closed":
            return {"status": "closed"}
        case _:
            return {}
