"""`deskpulse replay`: the engine on files, without Kafka."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from streams.cli.console import note, progress, write_result
from streams.cli.options import AsOf, ConfigFolder, Files, configuration, instant
from streams.cli.people import (
    AgentFiles,
    CustomerFiles,
    PeopleReplay,
    elsewhere,
    whose,
    with_people,
)
from streams.compare import judge
from streams.core.processor import Outcome, Verdict
from streams.core.report import recounted, report_of
from streams.errors import UserError
from streams.replay import Replay, open_lines
from streams.wire import packing
from streams.wire.codec import dumps, pretty
from streams.wire.reasons import REASONS


def replay(
    files: Files,
    config: ConfigFolder = None,
    report_to: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="OUT.json",
            help="Where the report goes; without it to standard output.",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    agents: AgentFiles = None,
    customers: CustomerFiles = None,
    dead_letters: Annotated[
        Path | None,
        typer.Option(
            "--dead-letters",
            metavar="FILE",
            help="Write refused and late lines here, each with its reason.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Replay recorded events through the engine and write the report.

    File order is arrival order. Without --as-of the report looks back from the highest time
    of an applied event.

    Example: deskpulse replay events.jsonl.gz --config conf --report report.json
    """
    loaded = configuration(config)
    settings = loaded.engine
    at = None if as_of is None else instant(as_of)
    refused: Counter[str] = Counter()
    with _letters(dead_letters) as letters:

        def on_verdict(line: bytes, verdict: Verdict) -> None:
            late = verdict.outcome is Outcome.LATE
            reason = "late" if late else verdict.reason
            refused[reason] += 1
            if letters is not None:
                text = line.rstrip(b"\r\n").decode(errors="replace")
                letters.write(dumps({"reason": reason, "value": text}) + b"\n")

        run = Replay(settings, on_verdict, as_of=at, telling=bool(customers))
        for path in files:
            feed(run, path)
        people = PeopleReplay(loaded, on_verdict, at)
        people.feed(agents or [], customers or [])
    books = run.books()
    if at is None:
        at = books.newest
    if at is None:
        raise UserError(_nothing_applied(files, run.read, refused))
    told = people.books(run)
    count, asked = recounted(books, settings, packing, at, whose(loaded, told[1], at))
    others = elsewhere(count, loaded, *told)
    found = report_of(count, asked, books, judge=judge, elsewhere=others)
    write_result(pretty(with_people(found, count, loaded, *told)), report_to)
    for reason, number in refused.most_common():
        meaning = "older than its ticket's horizon" if reason == "late" else REASONS.get(reason, "")
        note(f"{number} events not applied: {reason} - {meaning}")
    return 0


def feed(run: Replay, path: Path) -> None:
    """Read one file, with a progress bar."""
    with open_lines(path) as lines, progress(f"replay {path.name}") as meter:
        meter.along(run.feed(lines))


def _nothing_applied(files: list[Path], read: int, refused: Counter[str]) -> str:
    names = ", ".join(str(path) for path in files)
    if not refused:
        return f"{names}: no ticket events in {read} lines"
    reason, number = refused.most_common(1)[0]
    return f"{names}: none of {read} lines is an event; {number} of them: {reason}"


@contextmanager
def _letters(path: Path | None) -> Iterator[IO[bytes] | None]:
    """The file for refused lines, if one is wanted."""
    if path is None:
        yield None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    with file:
        yield file
