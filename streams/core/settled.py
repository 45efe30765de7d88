"""What dropped tickets leave behind: their facts, month by month and by each label.

A month is a changelog record of its own, so that years of dropped tickets stay small records.
Written beside them is which tickets were dropped, and what they added: if a broker without
transactions keeps only a part of a cut, what a month's record lacks is added from there, and
nothing twice.
"""

from typing import Any, Final

from streams.core.record import FORMAT, Packing
from streams.core.sums import Slices, period_of
from streams.core.tally import Tally

SETTLED_KEY: Final = b"\xffsettled"
"""The key of what was dropped; with a month behind it, of its sums."""

EXACT_TIMES: Final = 5_000
"""A settled distribution with more distinct times than this keeps three significant digits."""

Changelog = dict[bytes, bytes | None]


class Settled:
    """The facts of dropped tickets of one partition, or of several."""

    __slots__ = ("_changed", "_gained", "months")

    def __init__(self) -> None:
        self.months: dict[str, Slices] = {}
        """By local month (`2026-03`)."""
        self._changed: set[str] = set()
        self._gained: dict[str, Slices] = {}
        """What came since the last cut."""

    def add(self, tally: Tally) -> None:
        """Count what a dropped ticket came to."""
        for key, count, amount, times in tally.rows():
            month = period_of(key[2], "month")
            for months in (self.months, self._gained):
                months.setdefault(month, Slices()).put(key, count, amount, times)
            self._changed.add(month)
        for month in self._changed:
            self.months[month].compact(EXACT_TIMES)

    def merge(self, other: "Settled") -> None:
        """Count what another partition settled too."""
        for month, slices in other.months.items():
            self.months.setdefault(month, Slices()).merge(slices)
            self.months[month].compact(EXACT_TIMES)

    def changes(self, cut: int, dropped: dict[str, int], packing: Packing) -> Changelog:
        """What a cut has to write, in this order."""
        writes: Changelog = {}
        if dropped or self._gained:
            gained = {month: slices.dump() for month, slices in sorted(self._gained.items())}
            head = {"v": FORMAT, "cut": cut, "dropped": dropped, "gained": gained}
            writes[SETTLED_KEY] = packing.dumps(head)
        for month in sorted(self._changed):
            value = {"v": FORMAT, "cut": cut, "month": month, "sums": self.months[month].dump()}
            writes[_key(month)] = packing.dumps(value)
        self._changed, self._gained = set(), {}
        return writes

    def dump(self) -> dict[str, Any]:
        """The sums of each month as JSON values."""
        return {month: slices.dump() for month, slices in sorted(self.months.items())}

    def load(self, changelog: Changelog, packing: Packing) -> dict[str, int]:
        """Take over what `changes` wrote, out of the changelog; returns what was dropped."""
        value = changelog.pop(SETTLED_KEY, None)
        head: dict[str, Any] = {"cut": -1, "dropped": {}, "gained": {}}
        if value is not None:
            head = packing.loads(value)
        cuts: dict[str, int] = {}
        for key in [key for key in changelog if key.startswith(SETTLED_KEY)]:
            found = changelog.pop(key)
            if found is not None:
                month = packing.loads(found)
                cuts[month["month"]] = month["cut"]
                self.months[month["month"]] = Slices.load(month["sums"])
        for name, gained in head["gained"].items():
            if cuts.get(name, -1) < head["cut"]:
                # The broker has the beginning of that cut only.
                self.months.setdefault(name, Slices()).merge(Slices.load(gained))
                self._changed.add(name)
        dropped: dict[str, int] = head["dropped"]
        return dropped


def _key(month: str) -> bytes:
    return b"%b-%b" % (SETTLED_KEY, month.encode())
