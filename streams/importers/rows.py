"""What every kind of log becomes on its way to events."""

from typing import NamedTuple

from streams.importers.summary import RowRefusedError


class Row(NamedTuple):
    """One row of a table, or one event of an XES log."""

    line: int
    """Where it starts in the file, from 1."""
    cells: tuple[str, ...]
    """The columns asked for, in that order, without surrounding blanks; "" is missing."""


class BadRow(NamedTuple):
    """A row of which the columns cannot even be told apart."""

    line: int
    refusal: RowRefusedError
