"""The engine on a file: the same decoding, judging and folding, without Kafka.

File order is arrival order, a line's number is its offset. Nothing is kept but the records,
so the report that follows is the one the changelog topics would give.
"""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, cast

from streams.clock import Clock, wall_ms
from streams.core.events import Arrival
from streams.core.processor import Processor, Verdict
from streams.core.report import Books
from streams.core.settings import Settings
from streams.errors import UserError
from streams.wire import packing
from streams.wire.cloudevents import decode_line

BATCH: Final = 1_000
"""Lines folded at a time; the result does not depend on it (law 2)."""

OnVerdict = Callable[[bytes, Verdict], None]
"""Told about each line that was refused or late."""


class InputError(UserError):
    """A file that cannot be read as it should; the text is for the person who named it."""


@contextmanager
def open_lines(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a JSON Lines file, plain or .gz; `-` is standard input."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    try:
        with opened as file:
            if path.suffix != ".gz":
                yield file
                return
            with gzip.open(file) as unzipped:
                yield cast("IO[bytes]", unzipped)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be decompressed: {error}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a folder, not a file") from None


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class Replay:
    """One run of the engine over lines, from whichever files they come."""

    def __init__(
        self,
        settings: Settings,
        on_verdict: OnVerdict | None = None,
        clock: Clock = wall_ms,
        as_of: int | None = None,
    ) -> None:
        """`as_of` is the instant that is to be reported, where it is not the end."""
        self._settings = replace(settings, reported_at=as_of)
        self._processor = Processor(self._settings, packing, announcing=False)
        self._on_verdict = on_verdict
        self._clock = clock
        self.read = 0

    def feed(self, lines: Iterable[bytes]) -> Iterator[int]:
        """Fold lines; yields how many were read so far, batch by batch."""
        for batch in _batches(lines):
            self._fold(batch)
            yield self.read

    def books(self) -> Books:
        """What was counted and kept so far."""
        self._processor.cut()
        return Books(self._processor.records, self._processor.settled, self._processor.outcomes)

    def _fold(self, batch: list[bytes]) -> None:
        now = self._clock()
        skew = self._settings.future_skew
        arrivals: list[tuple[int, Arrival]] = [
            (self.read + place, decode_line(line, now_ms=now, future_skew_ms=skew))
            for place, line in enumerate(batch)
        ]
        self.read += len(batch)
        verdicts = self._processor.apply(arrivals)
        if self._on_verdict is not None:
            for verdict in verdicts:
                self._on_verdict(batch[verdict.place], verdict)
