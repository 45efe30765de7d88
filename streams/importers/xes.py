"""An XES log (IEEE 1849) as rows: streaming, one event in memory at a time.

The keys of an event's own attributes are columns, those of its trace with `case:` in
front. Attributes within attributes, lists and declared globals are not read.
"""

from collections.abc import Iterator, Sequence
from typing import IO, Final
from xml.parsers import expat

from streams.importers.errors import UnusableInputError
from streams.importers.rows import Row

CASE: Final = "case:"
"""What a column's name starts with when its value stands at the trace."""

CHUNK: Final = 64 * 1024
NAMESPACE_END: Final = " "
"""Not a character of a name: `http://www.xes-standard.org/ event`."""


def xes_rows(stream: IO[bytes], columns: Sequence[str], seen: set[str]) -> Iterator[Row]:
    """Read the named attributes of each event, in file order.

    `seen` collects the columns that any event had. Raises `UnusableInputError` for what is
    not well-formed XML, is no XES log, or declares a document type: an XES log needs none,
    and its entities could blow a small file up to fill the memory.
    """
    log = _Log(columns, seen)
    while chunk := stream.read(CHUNK):
        log.feed(chunk)
        yield from log.take()
    log.end()
    yield from log.take()


class _Log:
    """Where the parser stands in the log, and the events it has completed."""

    def __init__(self, columns: Sequence[str], seen: set[str]) -> None:
        self._columns = columns
        self._wanted = frozenset(columns)
        self._seen = seen
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._line = 0
        self._rows: list[Row] = []
        self._parser = expat.ParserCreate(namespace_separator=NAMESPACE_END)
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, chunk: bytes) -> None:
        self._parse(chunk, final=False)

    def end(self) -> None:
        self._parse(b"", final=True)

    def take(self) -> list[Row]:
        """The events completed since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def _parse(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, LookupError, ValueError) as e:
            # The latter two are an encoding that is declared but unknown to the parser.
            raise UnusableInputError(f"is not XML that can be read: {e}; export it again") from e

    def _doctype(self, *_: object) -> None:
        raise UnusableInputError(
            f"line {self._parser.CurrentLineNumber}: a document type declaration is refused "
            "(its entities could fill the memory); remove it"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        path = self._path
        path.append(name.rpartition(NAMESPACE_END)[2])
        match path:
            case ["log"]:
                pass
            case ["log", "trace"]:
                self._trace = {}
            case ["log", "trace", "event"] | ["log", "event"]:
                self._event = {}
                self._line = self._parser.CurrentLineNumber
            case [_]:
                raise UnusableInputError(f"expected an XES log, found <{path[0]}>")
            case ["log", "trace", _]:
                self._keep(self._trace, CASE, attributes)
            case ["log", "trace", "event", _] | ["log", "event", _]:
                self._keep(self._event, "", attributes)

    def _keep(self, holder: dict[str, str], prefix: str, attributes: dict[str, str]) -> None:
        column = prefix + attributes.get("key", "")
        if column in self._wanted and "value" in attributes:
            holder[column] = attributes["value"].strip()

    def _end(self, _: str) -> None:
        if self._path.pop() == "event" and self._path in (["log", "trace"], ["log"]):
            known = self._trace | self._event if self._path[-1] == "trace" else self._event
            self._seen.update(known)
            cells = tuple([known.get(column, "") for column in self._columns])
            self._rows.append(Row(self._line, cells))
