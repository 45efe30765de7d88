"""Which instances of clocks are at risk or breached, from what was said of them.

What was said, less what was taken back, stands. An instance has passed a mark (`warned`,
`breached`) while that stands; it has stopped when the latest of its turns (`met`, `met_late`,
`cancelled` against `resumed`) is a stop. It is open when it has passed a mark and not stopped.

That is a function of the *set* of what was said and happened since a horizon. Saying something
twice changes nothing, and neither does it where reading began: who happens to have read more
forgets it. The horizon is in event time, because a stop is never earlier than the mark before
it, so whoever knows the mark knows the stop.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.core.clocks import BREACHED, CANCELLED, MET, MET_LATE, RESUMED, RETRACTED, WARNED
from streams.notify.told import Told

_STOPS: Final = frozenset({MET, MET_LATE, CANCELLED})
_MARKS: Final = (BREACHED, WARNED)
"""The one that outranks the other first."""

Instance = bytes
"""A short hash of ticket, clock and the event that started it."""


def instance_of(one: Told) -> Instance:
    """Which instance something was said of; the same in every process."""
    text = f"{one.ticket}\0{one.clock}\0{one.source}\0{one.event}"
    return blake2b(text.encode(), digest_size=8).digest()


class _Turn(NamedTuple):
    """A stop, or its end."""

    id: str
    at: int
    stops: bool


class _Life:
    """What was said of one instance since the horizon; what was taken back is in here, too."""

    __slots__ = ("marks", "oldest", "taken_back", "turns")

    def __init__(self, at: int) -> None:
        self.oldest = at
        self.marks: tuple[Told, ...] = ()
        self.turns: tuple[_Turn, ...] = ()
        self.taken_back: tuple[tuple[str, int], ...] = ()
        """(id, when)."""

    def add(self, one: Told) -> None:
        self.oldest = min(self.oldest, one.at)
        if one.transition in _MARKS:
            if all(one.id != mark.id for mark in self.marks):
                self.marks = (*self.marks, one)
        elif one.transition == RETRACTED:
            if (one.refers_to, one.at) not in self.taken_back:
                self.taken_back = (*self.taken_back, (one.refers_to, one.at))
        elif all(one.id != turn.id for turn in self.turns):
            turn = _Turn(one.id, one.at, one.transition in _STOPS)
            self.turns = (*self.turns, turn)

    def forget(self, before: int) -> bool:
        """Drop what happened before an instant; whether anything is left."""
        self.marks = tuple(mark for mark in self.marks if mark.at >= before)
        self.turns = tuple(turn for turn in self.turns if turn.at >= before)
        self.taken_back = tuple(each for each in self.taken_back if each[1] >= before)
        self.oldest = min(self._times, default=before)
        return bool(self.marks or self.turns or self.taken_back)

    @property
    def _times(self) -> Iterator[int]:
        yield from (mark.at for mark in self.marks)
        yield from (turn.at for turn in self.turns)
        yield from (at for _, at in self.taken_back)

    def over(self, since: int) -> Iterator[Told]:
        """The marks it is not open for, if anything has happened since an instant."""
        if self.marks and max(self._times) >= since:
            mark = self.open()
            yield from (each for each in self.marks if each is not mark)

    def open(self) -> Told | None:
        """The mark it is open for: the last breach that stands, else the last warning."""
        gone = {name for name, _ in self.taken_back}
        # What was said later of the same instant happened later.
        turns = sorted((t for t in self.turns if t.id not in gone), key=lambda turn: turn.at)
        if turns and turns[-1].stops:
            return None
        for kind in _MARKS:
            standing = (m for m in self.marks if m.transition == kind and m.id not in gone)
            found = max(standing, key=lambda mark: mark.at, default=None)
            if found is not None:
                return found
        return None


class Books:
    """What stands of all instances since the horizon."""

    def __init__(self) -> None:
        self._lives: dict[Instance, _Life] = {}
        self._open: dict[Instance, Told] = {}
        self._horizon = 0
        self.open: Mapping[Instance, Told] = MappingProxyType(self._open)
        """The mark of each open instance: its last `breached`, else its last `warned`."""

    def add(self, one: Told) -> None:
        """Take note of something that was said; known and forgotten things change nothing."""
        heard = one.transition in _HEARD
        if not heard or one.at < self._horizon:
            return
        key = instance_of(one)
        life = self._lives.get(key)
        if life is None:
            life = self._lives[key] = _Life(one.at)
        life.add(one)
        self._settle(key, life)

    def forget(self, before: int) -> None:
        """Move the horizon: what happened before this instant is as if it was never said."""
        self._horizon = max(self._horizon, before)
        old = [key for key, life in self._lives.items() if life.oldest < before]
        for key in old:
            life = self._lives[key]
            if not life.forget(before):
                del self._lives[key]
            self._settle(key, life)

    def over(self, since: int) -> Iterator[tuple[Instance, Told]]:
        """Marks of instances to which something happened since an instant, and not open."""
        for key, life in self._lives.items():
            for mark in life.over(since):
                yield key, mark

    def _settle(self, key: Instance, life: _Life) -> None:
        mark = life.open()
        if mark is None:
            self._open.pop(key, None)
        else:
            self._open[key] = mark


_HEARD: Final = frozenset({*_MARKS, *_STOPS, RESUMED, RETRACTED})
"""Activations and pauses, which `publish: all` adds, open and end nothing."""
