"""Where the command line writes: results to standard output, the rest to standard error."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from streams.errors import UserError

out: Final = Console(highlight=False)
err: Final = Console(stderr=True, highlight=False)


def complain(text: str) -> None:
    """Say what is wrong, one line per problem, each with the program's name."""
    for line in text.splitlines():
        err.print(f"deskpulse: {line}", markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Say something beside the result."""
    err.print(text, markup=False, soft_wrap=True)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator["Meter"]:
    """A progress bar on standard error while the block runs."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=not err.is_terminal,
        disable=not err.is_terminal,
    )
    with bar:
        yield Meter(bar, bar.add_task(what, total=total))


class Meter:
    """Moves one progress bar."""

    def __init__(self, bar: Progress, task: object) -> None:
        self._bar = bar
        self._task = task

    def at(self, done: int) -> None:
        """Set how much is done."""
        self._bar.update(self._task, completed=done)  # type: ignore[arg-type]

    def along(self, counts: Iterable[int]) -> None:
        """Follow an iterator that yields how much is done, to its end."""
        for done in counts:
            self.at(done)


def write_result(text: bytes, path: Path | None) -> None:
    """Write a result to a file, or to standard output."""
    if path is None or str(path) == "-":
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
        return
    try:
        path.write_bytes(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
