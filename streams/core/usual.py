"""What the same hour of the last weeks was like: the sums that early warning compares with now.

A partition keeps, by quarter of an hour, how many tickets came in, how long first responses took,
and what those surveyed answered - with all corrections and the durability of windows. From them
follow the hour and the day up to the last full quarter, and those of each week before, at the same
local time. Everything is a count, so those of several partitions add up; medians do not, so bands
are drawn where the totals of all workers are known (docs/decisions/0018-early-warning.md).

`streams.core.rhythm` knows the hours of the week, too: as a running mean of arrivals by source,
which is enough to miss one. Here facts can be taken back, and a median needs each week by itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from streams.core import facts as fact
from streams.core.facts import Fact
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.record import Packing
from streams.core.settings import Settings
from streams.core.slots import Changelog, Slots
from streams.core.windows import COUNT, EDGES, WindowKey, Windows

STEP: Final = 15 * MINUTE
"""All zones differ from UTC by multiples of it, so it divides every local hour."""
KEY: Final = b"\xffusual"
"""The prefix of all keys of what is kept here."""
MEANING: Final = 1
"""Raised when the same events are to count otherwise here."""
NEVER: Final = 1 << 62
"""Later than any instant."""

CREATED: Final[WindowKey] = (fact.CREATED, "", COUNT)
ANSWERED: Final[WindowKey] = (fact.CSAT, "", COUNT)
SATISFIED: Final[WindowKey] = (fact.CSAT_SATISFIED, "", COUNT)
RESPONSES: Final[tuple[WindowKey, ...]] = tuple(
    [(fact.FIRST_RESPONSE, "", place) for place in range(len(EDGES) + 1)]
)
_COUNTED: Final[Mapping[str, WindowKey]] = {
    fact.CREATED: CREATED,
    fact.CSAT: ANSWERED,
    fact.CSAT_SATISFIED: SATISFIED,
}
WATCHED: Final = frozenset({*_COUNTED, fact.FIRST_RESPONSE})
"""Kinds of facts that are counted here."""

_OF_AN_HOUR: Final = (CREATED, *RESPONSES)
_OF_A_DAY: Final = (ANSWERED, SATISFIED)
"""Answers are few: those of a day are taken together."""


class Week(NamedTuple):
    """What an hour and a day that end at one instant came to."""

    created: int
    """Tickets, in the hour."""
    responses: tuple[int, ...]
    """First responses in the hour, by bucket of the engine's edges."""
    answered: int
    """CSAT answers, in the day."""
    satisfied: int

    @property
    def p90(self) -> float:
        """What nine of ten first responses took at most, in seconds; 0 without any.

        Times are taken to be spread evenly within a bucket; those beyond the last edge count as
        that.
        """
        rank, below, lower = 0.9 * sum(self.responses), 0, 0
        for edge, inside in zip(EDGES, self.responses, strict=False):
            if inside > 0 and below + inside >= rank:
                return (lower + (edge - lower) * (rank - below) / inside) / 1000
            below, lower = below + inside, edge
        return lower / 1000 if below < sum(self.responses) else 0.0


Weeks = Sequence[Week | None]
"""Now, a week ago, two weeks ago; `None` of what is not known whole."""


class Usual:
    """The quarters of the last weeks, of one partition."""

    def __init__(self, settings: Settings, packing: Packing) -> None:
        self._zone = settings.zone
        self._weeks = settings.same_weeks
        # One hour more: the clocks may have changed since.
        span = self._weeks * 7 * DAY + DAY + HOUR
        self._windows: Windows[WindowKey] = Windows((span,), step=STEP)
        self._slots = Slots(self._windows, _fingerprint(settings), packing, KEY)
        self._since: int = NEVER
        """What happened from here on is known whole."""
        self._floor: int = -1
        """What happened up to here is not: it was counted by sums that are lost."""

    @classmethod
    def of(cls, settings: Settings, packing: Packing) -> "Usual | None":
        """The sums that the settings ask for; `None` where they ask for none."""
        return cls(settings, packing) if settings.same_weeks else None

    # -- facts ----------------------------------------------------------------------------

    def hear(self, at: int) -> None:
        """An event was applied: from the earliest one on everything is known."""
        if at < self._since:
            self._since = max(at, self._floor)

    def put(self, kind: str, at: int, value: int | None, sign: int) -> None:
        """Count a fact of a kind that is watched (+1), or take it back (-1)."""
        if at <= self._floor:
            return
        if kind != fact.FIRST_RESPONSE:
            self._windows.put(at, _COUNTED[kind], sign)
        elif value is not None:
            self._windows.put(at, RESPONSES[bisect_left(EDGES, value)], sign)

    def move(self, lost: Iterable[Fact], gained: Iterable[Fact]) -> None:
        """Count other facts instead of some."""
        for items, sign in ((lost, -1), (gained, 1)):
            for item in items:
                if item.kind in WATCHED:
                    self.put(item.kind, item.at, item.value, sign * item.sign)

    # -- time -----------------------------------------------------------------------------

    def advance(self, now: int) -> None:
        """Move effective now forward."""
        self._windows.advance(now)

    def expect(self, earliest: int) -> None:
        """Effective now will not be earlier than this."""
        self._windows.expect(earliest)

    def settle(self) -> None:
        """Bring the sums up to date with what was put."""
        self._windows.settle()

    # -- durability -----------------------------------------------------------------------

    def changes(self, cut: int) -> Changelog:
        """What has changed since the last cut; the sums are settled."""
        return self._slots.changes(cut)

    def seal(self, cut: int) -> Changelog:
        """The record that ends the cut."""
        return {KEY: self._slots.seal(cut)}

    def dump(self) -> list[int | None]:
        """Since when what is here is whole, and up to when it is not; for the totals."""
        return [self._since if self._since < NEVER else None, self._floor]

    def load(self, changelog: Changelog, cut: int, known: list[Any] | None) -> None:
        """Take the sums out of a changelog that had anything in it; `known` is what `dump` gave.

        Where they are not in it, or of other settings, counting begins anew: histories do not reach
        back so far, and what is known in part would look like a quiet week.
        """
        whole = self._slots.load(changelog, cut)
        if whole and known is not None:
            since, self._floor = known
            self._since = NEVER if since is None else since
        else:
            self._since = self._floor = self._windows.reached

    # -- looking --------------------------------------------------------------------------

    def picture(self) -> Weeks:
        """Now and the weeks before; nothing while now is not known, or nothing has happened."""
        now = self._windows.now
        if now is None or self._since == NEVER:
            return ()
        end = now // STEP * STEP
        return [self._week(weeks_ago(end, weeks, self._zone)) for weeks in range(self._weeks + 1)]

    def _week(self, end: int) -> Week | None:
        """What ends at an instant, which is the end of a quarter."""
        if end - DAY < self._since:
            return None
        (window,) = self._windows.windows
        after, slots = end // STEP, window.slots
        hour = _totals(slots, range(after - HOUR // STEP, after), _OF_AN_HOUR)
        day = _totals(slots, range(after - DAY // STEP, after), _OF_A_DAY)
        return Week(hour[0], tuple(hour[1:]), day[0], day[1])


def weeks_ago(at: int, weeks: int, zone: tzinfo) -> int:
    """The same local time so many weeks earlier; where the clocks skipped it, an hour beside it."""
    local = datetime.fromtimestamp(at / 1000, zone) - timedelta(weeks=weeks)
    return round(local.timestamp()) * 1000


def together(pictures: Iterable[Weeks]) -> Weeks:
    """The pictures of several partitions as one; a week counts where all of them know it."""
    return [_added(parts) for parts in zip(*filter(None, pictures), strict=True)]


def _added(parts: Sequence[Week | None]) -> Week | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return Week(
        sum([one.created for one in known]),
        tuple([sum(bucket) for bucket in zip(*[one.responses for one in known], strict=True)]),
        sum([one.answered for one in known]),
        sum([one.satisfied for one in known]),
    )


def _totals(
    slots: Mapping[int, Mapping[WindowKey, int]], places: range, keys: Sequence[WindowKey]
) -> list[int]:
    there = [slots[place] for place in places if place in slots]
    return [sum([slot.get(key, 0) for slot in there]) for key in keys]


def _fingerprint(settings: Settings) -> str:
    """Of all settings that decide what is kept here of the same events."""
    deciding: tuple[Any, ...] = (
        *(MEANING, EDGES, settings.same_weeks, settings.sources, settings.satisfied),
        *(settings.count_bots, settings.count_automatic, settings.exclude_spam_from_windows),
        *(settings.future_skew, settings.forgotten, "voice" in settings.catalogue),
    )
    return blake2b(repr(deciding).encode(), digest_size=8).hexdigest()
