"""The formats, and a whole import from file to file."""

from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, Final, Literal

from streams.core.instants import parse_rfc3339
from streams.importers.errors import UnusableInputError
from streams.importers.inputs import open_log
from streams.importers.mapping import LogMapping
from streams.importers.mapping_file import load_mapping, servicenow_mapping
from streams.importers.rows import BadRow, Row
from streams.importers.summary import RowRefusedError, Summary
from streams.importers.table import table_rows
from streams.importers.translate import Translator
from streams.importers.xes import xes_rows
from streams.wire.codec import dumps

SERVICENOW: Final = "servicenow-audit"
CSV: Final = "csv"
XES: Final = "xes"
FORMATS: Final = (SERVICENOW, CSV, XES)
"""What `deskpulse import` understands."""

Order = Literal["file", "time"]
Progress = Callable[[Summary], None]
"""Shown the running account every `PACE` events, and once at the end."""

PACE: Final = 10_000


def events(
    format_name: str, path: Path, mapping: LogMapping | None = None, summary: Summary | None = None
) -> Iterator[dict[str, Any]]:
    """Read a log as CloudEvents, in file order; the same file gives the same events.

    `mapping` is needed by `csv` and `xes`, and not taken by `servicenow-audit`, which
    brings its own. `summary` is filled while the events are used up.

    Raises `UnusableInputError`, at the first event or later, when the file as a whole is
    unusable; a single row that is unusable is counted in the summary.
    """
    mapping = _mapping(format_name, mapping)
    summary = summary if summary is not None else Summary()
    translator = Translator(mapping, summary)
    try:
        with open_log(path) as stream:
            for row in _rows(format_name, stream, translator.columns, mapping, summary):
                summary.rows += 1
                for event in _translated(row, translator, summary):
                    summary.written[event["type"]] += 1
                    yield event
    except UnusableInputError as e:
        raise UnusableInputError(*(f"{path}: {problem}" for problem in e.problems)) from e


def run_import(
    format_name: str,
    path: Path,
    out: Path,
    mapping: Path | None = None,
    *,
    order: Order = "file",
    progress: Progress = lambda _: None,
) -> Summary:
    """Import a log into a file of JSON lines, one event each.

    `order` is `file` (grouped by ticket if the log is: the worst case for a reader of
    streams) or `time` (sorted by time, subject and sequence, for a live replay; holds
    all events in memory).

    `out` is written whole or not at all. Raises `ConfigError` (the mapping) or
    `UnusableInputError` (anything else).
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise UnusableInputError(f"{out}: expected another file than the log itself")
    summary = Summary()
    read = events(format_name, path, load_mapping(mapping) if mapping else None, summary)
    lines = _lines(_counted(read, summary, progress), order)
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
        part.replace(out)
    except OSError as e:
        raise UnusableInputError(f"{out}: cannot be written ({e.strerror or e})") from e
    finally:
        part.unlink(missing_ok=True)
    progress(summary)
    return summary


def _mapping(format_name: str, given: LogMapping | None) -> LogMapping:
    if format_name not in FORMATS:
        raise UnusableInputError(f"{format_name}: expected one of {', '.join(FORMATS)}")
    if format_name == SERVICENOW:
        if given is not None:
            raise UnusableInputError(f"{SERVICENOW} takes no mapping; for your own use {CSV}")
        return servicenow_mapping()
    if given is None:
        raise UnusableInputError(f"{format_name} needs --mapping, see docs/importing.md")
    return given


def _rows(
    format_name: str,
    stream: IO[bytes],
    columns: tuple[str, ...],
    mapping: LogMapping,
    summary: Summary,
) -> Iterator[Row | BadRow]:
    if format_name == XES:
        seen: set[str] = set()
        yield from xes_rows(stream, columns, seen)
        summary.never_seen = tuple(column for column in columns if column not in seen)
    else:
        yield from table_rows(stream, columns, mapping.csv)


def _translated(
    row: Row | BadRow, translator: Translator, summary: Summary
) -> list[dict[str, Any]]:
    try:
        if isinstance(row, Row):
            return translator.events(row)
        summary.refuse(row.line, row.refusal)
    except RowRefusedError as e:
        summary.refuse(row.line, e)
    return []


def _counted(
    read: Iterator[dict[str, Any]], summary: Summary, progress: Progress
) -> Iterator[dict[str, Any]]:
    for number, event in enumerate(read, start=1):
        if number % PACE == 0:
            progress(summary)
        yield event


def _lines(read: Iterator[dict[str, Any]], order: Order) -> Iterator[bytes]:
    if order == "file":
        return (dumps(event) + b"\n" for event in read)
    # The sort is stable: what ties stays in file order, a creation before its row's update.
    keyed = [
        (
            parse_rfc3339(event["time"]),
            event["subject"],
            event.get("sequence", 0),
            dumps(event) + b"\n",
        )
        for event in read
    ]
    keyed.sort(key=itemgetter(0, 1, 2))
    return (line for *_, line in keyed)
