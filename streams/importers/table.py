"""A table (CSV) as rows: streaming, and only the columns asked for."""

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import IO

from streams.importers.errors import UnusableInputError
from streams.importers.mapping import Csv
from streams.importers.rows import BadRow, Row
from streams.importers.summary import Reason, RowRefusedError, shown


def table_rows(stream: IO[bytes], columns: Sequence[str], layout: Csv) -> Iterator[Row | BadRow]:
    """Read the named columns of each row, in file order; blank lines are no rows.

    Raises `UnusableInputError` when the header lacks a column or has it twice.
    """
    # Bytes that are no text are carried along, so that one bad cell costs one row.
    with TextIOWrapper(stream, layout.encoding, errors="surrogateescape", newline="") as text:
        try:
            yield from _read(text, columns, layout.delimiter)
        except UnicodeDecodeError as e:
            # Encodings of more than one byte a character cannot carry such bytes.
            raise UnusableInputError(f"is not {layout.encoding}; mend csv.encoding") from e


def _read(text: TextIOWrapper, columns: Sequence[str], delimiter: str) -> Iterator[Row | BadRow]:
    # Strict: a quote out of place is a bad row, not a guess that swallows those after it.
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as e:
        raise UnusableInputError(f"line 1: expected the names of columns, found {e}") from e
    places = _places(header, columns)
    while True:
        # A quoted field may hold line breaks: a row starts where the last one ended.
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as e:
            yield BadRow(line, RowRefusedError(Reason.FIELDS, str(e)))
            continue
        if fields is None:
            return
        if fields:
            yield _row(line, fields, len(header), places)


def _row(line: int, fields: list[str], expected: int, places: Sequence[int]) -> Row | BadRow:
    if len(fields) != expected:
        detail = f"{len(fields)} fields, the header has {expected}"
        return BadRow(line, RowRefusedError(Reason.FIELDS, detail))
    cells = tuple([fields[place].strip() for place in places])
    if not _is_text(cells):
        return BadRow(line, RowRefusedError(Reason.ENCODING, "is not in the file's encoding"))
    return Row(line, cells)


def _places(header: list[str], columns: Sequence[str]) -> list[int]:
    problems = [
        f"line 1: expected one column {shown(column)}, found {header.count(column)}"
        for column in columns
        if header.count(column) != 1
    ]
    if problems:
        found = ", ".join(map(shown, header)) or "nothing"
        raise UnusableInputError(*problems, f"line 1: the file has {found}; mend the mapping")
    return [header.index(column) for column in columns]


def _is_text(cells: tuple[str, ...]) -> bool:
    joined = "".join(cells)
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True
