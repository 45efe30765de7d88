"""Goals live: the two parts of each goal's fraction over its period, partition by partition.

They are kept in windows as long as the period, with the slots and the durability of all other
windows; so the parts of several partitions add up, and a restart folds nothing. A goal that
`improves` has the period before, too. A desk without goals pays one comparison an event.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from hashlib import blake2b
from typing import Final, NamedTuple

from streams.core.events import SPAM
from streams.core.facts import Fact
from streams.core.fold import resolution_times
from streams.core.goals import DAYS
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.kpis import COUNT
from streams.core.pursued import (
    BOTTOM,
    INSIDE,
    OF_RESOLUTIONS,
    TOP,
    WARN,
    Pursued,
    Want,
    name_of,
    pursued,
)
from streams.core.record import Packing, Record, checkpoint_of, refold
from streams.core.settings import Settings
from streams.core.slots import Changelog, Slots, fingerprint
from streams.core.sums import SLICED
from streams.core.tally import Distribution
from streams.core.windows import COUNT as PLACE
from streams.core.windows import WindowKey, Windows

MEANING: Final = 1
"""Raised when the same events are to count otherwise for goals."""
STEPS: Final[Mapping[str, int]] = {
    "day": 15 * MINUTE,
    "week": HOUR,
    "month": 6 * HOUR,
    "quarter": DAY,
    "year": DAY,
}
"""How finely the windows of a period slide."""
KEY: Final = b"\xffgoals"
"""The prefix of all keys of goals; the name of the period follows."""


class Parts(NamedTuple):
    """What a goal's fraction came to, in thousandths: in its period, and in the one before."""

    top: int
    bottom: int
    top_before: int
    bottom_before: int
    warn: int
    """Of a percentile with a `warn_at` the top that is compared with that."""


class _Group:
    """The goals of one length of period."""

    def __init__(
        self,
        period: str,
        goals: Sequence[tuple[Pursued, list[Want]]],
        settings: Settings,
        packing: Packing,
    ) -> None:
        span = DAYS[period] * DAY
        before = any(one.target is None for one, _ in goals)
        spans = (span, 2 * span) if before else (span,)
        self.windows: Windows[WindowKey] = Windows(spans, step=STEPS[period])
        deciding = (MEANING, fingerprint(settings, ()), settings.policies.fingerprint, goals)
        meant = blake2b(_written(deciding).encode(), digest_size=8).hexdigest()
        key = b"%b-%b" % (KEY, period.encode())
        self.slots = Slots(self.windows, meant, packing, key)
        self.filled = True
        """What is in the windows is whole."""


def _written(value: object) -> str:
    """As text; that of a set would depend on the process."""
    if isinstance(value, frozenset):
        return repr(sorted(value))
    if isinstance(value, tuple | list):
        return f"({', '.join(_written(one) for one in value)})"
    return repr(value)


class Pursuit:
    """The sums of all goals of one partition."""

    def __init__(
        self,
        goals: Sequence[tuple[Pursued, list[Want]]],
        settings: Settings,
        packing: Packing,
    ) -> None:
        self.goals = [one for one, _ in goals]
        self._settings = settings
        self._packing = packing
        self._groups: dict[str, _Group] = {}
        self._wanted: dict[str, list[tuple[_Group, Want]]] = {}
        for period in DAYS:
            own = [(one, wants) for one, wants in goals if one.period == period]
            if own:
                group = self._groups[period] = _Group(period, own, settings, packing)
                for _, wants in own:
                    for want in wants:
                        self._wanted.setdefault(want.kind, []).append((group, want))
        self.of_resolutions = not OF_RESOLUTIONS.isdisjoint(self._wanted)
        """Whether a goal asks how long resolutions took."""

    @classmethod
    def of(cls, settings: Settings, packing: Packing) -> "Pursuit | None":
        """The sums that the settings ask for; `None` where they ask for none."""
        goals = pursued(settings)
        return cls(goals, settings, packing) if goals else None

    # -- facts ----------------------------------------------------------------------------

    def add(self, items: Iterable[Fact], sign: int = 1) -> None:
        """Count facts (+1), or take them back (-1), at their own times."""
        wanted = self._wanted
        for item in items:
            wants = wanted.get(item.kind)
            if wants is not None:
                for group, want in wants:
                    if _holds(want, item.cell, item.agent):
                        amount = _amount(want, item.value) * sign * item.sign
                        if amount:
                            group.windows.put(item.at, want.key, amount)

    def move(self, before: Sequence[Fact], after: Sequence[Fact]) -> None:
        """Count other facts instead of some."""
        if before != after:
            self.add(before, -1)
            self.add(after)

    def picture(self) -> list[Parts]:
        """What each goal came to, in the order of `goals`; none while now is not known."""
        if any(group.windows.now is None for group in self._groups.values()):
            return []
        return [self._parts(one) for one in self.goals]

    def _parts(self, one: Pursued) -> Parts:
        windows = self._groups[one.period].windows.windows
        name = name_of(one.scorecard, one.title, one.guard)
        top, bottom, warn = ((name, part, PLACE) for part in (TOP, BOTTOM, WARN))
        now = windows[0].totals
        parts = Parts(now.get(top, 0), now.get(bottom, 0), 0, 0, now.get(warn, 0))
        if one.target is not None:
            return parts
        both = windows[1].totals
        return parts._replace(
            top_before=both.get(top, 0) - parts.top,
            bottom_before=both.get(bottom, 0) - parts.bottom,
        )

    # -- time -----------------------------------------------------------------------------

    def advance(self, now: int) -> None:
        """Move effective now forward."""
        for group in self._groups.values():
            group.windows.advance(now)

    def expect(self, earliest: int) -> None:
        """Effective now will not be earlier than this."""
        for group in self._groups.values():
            group.windows.expect(earliest)

    def settle(self) -> None:
        """Bring the sums up to date with what was added."""
        for group in self._groups.values():
            group.windows.settle()

    # -- durability -----------------------------------------------------------------------

    def changes(self, cut: int) -> Changelog:
        """What has changed since the last cut; the sums are settled."""
        writes: Changelog = {}
        for group in self._groups.values():
            writes.update(group.slots.changes(cut))
        return writes

    def seals(self, cut: int) -> Changelog:
        """The records that end the cut for goals."""
        return {group.slots.key: group.slots.seal(cut) for group in self._groups.values()}

    def load(self, changelog: Changelog, cut: int) -> None:
        """Take the sums out of a changelog; `fill` sees to those that are not in it."""
        for group in self._groups.values():
            group.filled = group.slots.load(changelog, cut)

    @property
    def filled(self) -> bool:
        """Whether the sums hold all facts of the tickets that are taken over."""
        return all(group.filled for group in self._groups.values())

    def fill(self, record: Record) -> None:
        """Count a ticket that was taken over, where its facts are not in the sums yet.

        Of squashed events only their day is known: they count at its noon.
        """
        empty = [group for group in self._groups.values() if not group.filled]
        spam = self._settings.exclude_spam_from_windows and record.ticket.deleted == SPAM
        if not empty or spam:
            return
        past = checkpoint_of(record, self._settings, self._packing).past
        for (kind, labels, day), count, amount, times in past.rows():
            at = min(_noon(day, self._settings), max(0, record.ticket.last_at))
            for group, want in self._wanted.get(kind, ()):
                if group in empty and _holds(want, labels, labels[-1]):
                    group.windows.put(at, want.key, _amounts(want, count, amount, times))
        _, facts = refold(record, self._settings, self._packing)
        for item in (*facts, *resolution_times(record.ticket, self._settings)):
            for group, want in self._wanted.get(item.kind, ()):
                if group in empty and _holds(want, item.cell, item.agent):
                    amount = _amount(want, item.value) * item.sign
                    group.windows.put(item.at, want.key, amount)


def _holds(want: Want, labels: Sequence[str], agent: str) -> bool:
    for place, values in want.slice:
        if (labels[place] if place < _AGENT else agent) not in values:
            return False
    return True


_AGENT: Final = SLICED.index("agent")


def _amount(want: Want, value: int | None) -> int:
    """What one fact is, in thousandths."""
    if want.of == COUNT:
        return 1_000 * want.times
    if want.of == INSIDE:
        return 1_000 if value is not None and value <= want.limit else 0
    return want.times * (value or 0)


def _amounts(want: Want, count: int, amount: int, times: Distribution | None) -> int:
    """What several facts are, in thousandths."""
    if want.of == COUNT:
        return 1_000 * want.times * count
    if times is None:
        return want.times * amount
    if want.of == INSIDE:
        return 1_000 * sum(n for value, n in times.values.items() if value <= want.limit)
    return want.times * times.sum


def _noon(day: int, settings: Settings) -> int:
    return round(
        datetime.combine(date.fromordinal(day), time(12), settings.zone).timestamp() * 1000
    )
