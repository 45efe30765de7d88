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
from streams.core.entities import Entities, EntityBooks
from streams.core.entity import Kind
from streams.core.events import Arrival
from streams.core.processor import Processor, Verdict
from streams.core.report import Books
from streams.core.requesters import Told
from streams.core.settings import Settings
from streams.errors import UserError
from streams.wire import packing
from streams.wire.cloudevents import decode_line
from streams.wire.requesters import written

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
        *,
        telling: bool = False,
    ) -> None:
        """`as_of` is the instant that is to be reported, where it is not the end.

        With `telling` it knows at the end what requesters are to be told (`told`).
        """
        self._settings = replace(settings, reported_at=as_of)
        self._processor = Processor(self._settings, packing, announcing=False, telling=telling)
        self.told: tuple[Told, ...] = ()
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
        self.told += self._processor.cut().told
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


class ReplayEntities:
    """The same for agents, customers or requesters."""

    def __init__(
        self,
        kind: Kind,
        types: frozenset[str],
        settings: Settings,
        on_verdict: OnVerdict | None = None,
        clock: Clock = wall_ms,
        as_of: int | None = None,
    ) -> None:
        """`types` are the events of their topic."""
        self._processor = Entities(kind, replace(settings, reported_at=as_of), packing)
        self._types = types
        self._skew = settings.future_skew
        self._on_verdict = on_verdict
        self._clock = clock
        self.read = 0

    def feed(self, lines: Iterable[bytes]) -> Iterator[int]:
        """Judge and keep lines; yields how many were read so far, batch by batch."""
        for batch in _batches(lines):
            now = self._clock()
            arrivals = [
                decode_line(line, now_ms=now, future_skew_ms=self._skew, types=self._types)
                for line in batch
            ]
            verdicts = self._processor.apply(list(enumerate(arrivals, self.read)))
            self.read += len(batch)
            if self._on_verdict is not None:
                for verdict in verdicts:
                    self._on_verdict(batch[verdict.place], verdict)
            yield self.read

    def hear(self, told: Iterable[Told]) -> None:
        """Read what tickets tell of their requesters."""
        for _ in self.feed(written(one).value for one in told):
            pass

    def books(self) -> EntityBooks:
        """What was counted and kept so far."""
        self._processor.cut()
        found = self._processor
        return EntityBooks(found.records, found.settled, found.outcomes)
