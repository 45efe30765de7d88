"""What an import read, wrote and refused; nothing leaves it uncounted."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

KEPT: Final = 5
"""How many examples are kept beside a count."""

TEXT: Final = 80
"""How many characters of a foreign value are shown."""


class Reason(StrEnum):
    """Why a row was refused: whole, so that none of its events is written."""

    FIELDS = "fields"
    """It has more or fewer fields than the header, or cannot be split into fields."""
    ENCODING = "encoding"
    """A column that is read holds bytes that are not text in the file's encoding."""
    TICKET = "ticket"
    """The ticket id is missing or longer than 128 characters."""
    TIME = "time"
    """The event time is missing, not in `time_format`, or before 2000."""
    CREATED_TIME = "created_time"
    """The same for the column of `created`; only a missing one is fine there."""
    SEQUENCE = "sequence"
    """The sequence is not a whole number of at most 18 digits."""
    ID = "id"
    """The event id is missing or longer than 128 characters."""
    REPLY = "reply"
    """A reply's author is missing, or its role or visibility is none of the contract's."""


class RowRefusedError(Exception):
    """One row cannot be used; the import goes on with the next."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Cases:
    """How often something happened, and where it was first seen."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    """(line, detail) of the first `KEPT` cases, in file order."""

    def add(self, line: int, detail: str) -> None:
        """Count one more case."""
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append((line, detail))


@dataclass(slots=True)
class Summary:
    """The running account of one import; complete when its events are used up.

    Every row is either translated or counted under exactly one `Reason`.
    """

    rows: int = 0
    """Rows read (events of an XES log); blank lines and the header are no rows."""
    written: Counter[str] = field(default_factory=Counter)
    """Events by CloudEvents `type`."""
    refused: dict[Reason, Cases] = field(default_factory=dict)
    """Rows refused, by reason."""
    others: dict[str, Cases] = field(default_factory=dict)
    """Values of a closed list (status, priority, kind) that became `other`, by attribute."""
    never_seen: tuple[str, ...] = ()
    """Attributes the mapping names and no event of an XES log has: most likely a typing error.

    A table needs no such list, its header must have every column.
    """

    @property
    def events(self) -> int:
        """Events written, of all types."""
        return self.written.total()

    @property
    def rows_refused(self) -> int:
        """Rows of which nothing was written."""
        return sum(cases.count for cases in self.refused.values())

    def refuse(self, line: int, refusal: RowRefusedError) -> None:
        """Count a row that cannot be used."""
        self.refused.setdefault(refusal.reason, Cases()).add(line, refusal.detail)

    def became_other(self, line: int, attribute: str, value: str) -> None:
        """Count a value that no closed list has."""
        self.others.setdefault(attribute, Cases()).add(line, shown(value))

    def lines(self) -> list[str]:
        """The account for a person, one fact a line."""
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.written.items()))
        account = [f"{self.rows:,} rows read, {self.events:,} events written ({kinds or 'none'})"]
        for reason, cases in self.refused.items():
            account.append(f"{cases.count:,} rows refused: {reason}")
            account.extend(f"  line {line}: {detail}" for line, detail in cases.first)
        for attribute, cases in self.others.items():
            line, value = cases.first[0]
            account.append(
                f"{cases.count:,} values of {attribute} became `other`, "
                f"first {value} in line {line}"
            )
        if self.never_seen:
            account.append(f"no event has: {', '.join(map(shown, self.never_seen))}")
        return account


def shown(value: str) -> str:
    """A foreign value in quotes, control characters escaped, cut to `TEXT` characters."""
    return repr(value if len(value) <= TEXT else value[:TEXT] + "…")
