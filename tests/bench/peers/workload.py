"""The workload: the ServiceNow log as ticket events, in the order in which they happened.

    ServiceNow log  --rows-->  141,712 rows  --events-->  any number of events

More events than the log has rows are copies of the whole log under other ticket names, each
copy a little later than the one before, all interleaved; the last copy ends where the number
is reached. A ticket's events are the same in every copy.
"""

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

_LAG_S: Final = 37
"""Each copy of the log happens so much later than the one before."""
_SPREAD: Final = 0x9E3779B97F4A7C15F39CC061
"""Odd, so that all rows get different ids; large, so that the ids look like those of a source."""
_PRIORITIES: Final = {"1": "urgent", "2": "high", "3": "normal", "4": "low"}
_STATUSES: Final = {"New": "new", "Active": "open", "Resolved": "resolved", "Closed": "closed"}
_UNKNOWN: Final = frozenset({"?", ""})


class Row(NamedTuple):
    """One event of the log; the first three fields are the order in which rows happened."""

    at_s: int
    """Event time, epoch seconds."""
    ticket: str
    place: int
    """Of the event among those of its ticket, from 0, which is the creation."""
    sequence: int
    """The source's version of the ticket; the log repeats and reverses some."""
    number: int
    """Of the row in the file, from 0."""
    data: Mapping[str, str | None]

    @property
    def type(self) -> str:
        """The type of the event."""
        return "ticket.updated" if self.place else "ticket.created"


def rows(log: Path) -> list[Row]:
    """All rows of the zipped log, as they happened."""
    tickets: dict[str, list[tuple[int, int, int, dict[str, str]]]] = defaultdict(list)
    with zipfile.ZipFile(log) as archive, archive.open("incident_event_log.csv") as file:
        for number, line in enumerate(csv.DictReader(io.TextIOWrapper(file, "utf-8"))):
            key = (_instant(line["sys_updated_at"]), int(line["sys_mod_count"]), number)
            tickets[line["number"]].append((*key, line))
    return sorted(
        Row(at_s, ticket, place, sequence, number, _data(line))
        for ticket, lines in tickets.items()
        for place, (at_s, sequence, number, line) in enumerate(_opened(sorted(lines, key=_key)))
    )


def events(log: Sequence[Row], total: int) -> Iterator[tuple[bytes, bytes]]:
    """The key and value of `total` events, in order; about 300 bytes each."""
    payloads = [json.dumps(row.data, separators=(",", ":")) for row in log]
    for at_s, ticket, _, place, copy in merge(*_copies(log, total)):
        row = log[place]
        value = (
            f'{{"specversion":"1.0","id":"{event_id(row.number, copy)}",'
            f'"source":"/servicenow/incident","type":"{row.type}","subject":"{ticket}",'
            f'"time":"{_written(at_s)}","sequence":{row.sequence},"data":{payloads[place]}}}'
        )
        yield ticket.encode(), value.encode()


def parts(log: Sequence[Row], total: int) -> tuple[int, Sequence[Row]]:
    """How many whole copies of the log `total` events are, and the rows of the last one."""
    whole, rest = divmod(total, len(log))
    return whole, log[:rest]


def event_id(number: int, copy: int = 0) -> str:
    """The id of a row's event; in every copy the ids of two rows sort alike."""
    return str(UUID(int=((number + 1) * _SPREAD % (1 << 96)) << 32 | copy))


def _copies(log: Sequence[Row], total: int) -> Iterator[Iterator[tuple[int, str, int, int, int]]]:
    whole, rest = parts(log, total)
    for copy in range(whole):
        yield _copy(log, copy)
    yield _copy(rest, whole)


def _copy(log: Sequence[Row], copy: int) -> Iterator[tuple[int, str, int, int, int]]:
    for place, row in enumerate(log):
        yield row.at_s + _LAG_S * copy, f"{row.ticket}-{copy}", row.place, place, copy


def _opened(
    lines: list[tuple[int, int, int, dict[str, str]]],
) -> list[tuple[int, int, int, dict[str, str]]]:
    """A ticket's first row happened when the ticket was opened, if that was earlier."""
    at_s, sequence, number, line = lines[0]
    return [(min(at_s, _instant(line["opened_at"])), sequence, number, line), *lines[1:]]


def _key(line: tuple[int, int, int, dict[str, str]]) -> tuple[int, int, int]:
    return line[:3]


def _data(line: Mapping[str, str]) -> dict[str, str | None]:
    state = line["incident_state"]
    waiting = state.startswith("Awaiting")
    return {
        "status": "pending" if waiting else _STATUSES.get(state, "open"),
        "priority": _PRIORITIES[line["priority"][0]],
        "queue": _known(line["assignment_group"]) or "unassigned",
        "assignee": _known(line["assigned_to"]),
        "channel": (_known(line["contact_type"]) or "unknown").lower(),
    }


def _known(value: str) -> str | None:
    return None if value in _UNKNOWN else value


def _instant(text: str) -> int:
    return int(datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC).timestamp())


def _written(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
