"""The windows of a partition as the changelog keeps them, so that a restart need not fold.

A cut holds what has changed since the last one:

* *slots*: the sums of one slot of one window. Its key is its place in the ring of the window, so
  a slot takes the place of one that fell out long ago, and the topic does not grow;
* *waiting*: the facts ahead of effective now that came since the last cut. The record is deleted
  once all of them are in slots;
* the *seal*, written last: which cut this was, how far the windows had come, and a fingerprint of
  the settings that decide what is in them.

The partition's totals, written first, have the number of the cut, too. If the broker kept only
the beginning of a cut (no transactions), the two differ: then slots and tickets are not of one
moment, and the windows are filled from the tickets' histories instead.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from streams.core.record import FORMAT, Packing
from streams.core.settings import Settings
from streams.core.windows import WindowKey, Windows

SEAL_KEY: Final = b"\xffwindows"
"""The prefix of all keys of the partition's windows; alone it is that of their seal. Other windows
have one of their own."""

MEANING: Final = 6
"""Raised when the same events are to count otherwise in the windows: then they are filled anew."""

Changelog = dict[bytes, bytes | None]


def fingerprint(settings: Settings, edges: tuple[int, ...]) -> str:
    """Of all settings that decide what the windows hold of the same events."""
    deciding = (
        *(MEANING, settings.windows, settings.kpi_windows, edges, settings.sources),
        *(settings.count_bots, settings.count_automatic, settings.exclude_spam_from_windows),
        *(settings.future_skew, settings.forgotten, settings.zone, settings.catalogue),
        *(sorted(settings.queues.items()), settings.by_department, settings.credit),
        *(settings.fcr_window, settings.fcr_basis, settings.contact_gap),
        *(settings.count_reopened, settings.low_is_easy, settings.satisfied),
        *(settings.conflict_since_creation, sorted(settings.hourly_rates.items())),
    )
    return blake2b(repr(deciding).encode(), digest_size=8).hexdigest()


class Slots:
    """What is durable of windows of one partition."""

    __slots__ = ("_fingerprint", "_packing", "_void", "_waiting", "_windows", "key")

    def __init__(
        self,
        windows: Windows[WindowKey],
        fingerprint: str,
        packing: Packing,
        key: bytes = SEAL_KEY,
    ) -> None:
        self.key = key
        """Of the seal, and what all other keys begin with."""
        self._windows = windows
        self._packing = packing
        self._fingerprint = fingerprint
        self._waiting: dict[int, int] = {}
        """The records of what waits by number of their cut, each with the last instant in it."""
        self._void: set[bytes] = set()
        """Keys of records that were found and not used."""

    def changes(self, cut: int) -> Changelog:
        """What has changed since the last cut; the windows are settled."""
        writes: Changelog = dict.fromkeys(self._void)
        self._void = set()
        reached = self._windows.reached
        for number in [number for number, last in self._waiting.items() if last <= reached]:
            writes[self._waiting_key(number)] = None
            del self._waiting[number]
        for window in self._windows.windows:
            for index, sums in window.changes():
                slot = {"v": FORMAT, "slot": index, "sums": _rows(sums)}
                writes[self._slot_key(window.span, index % window.places)] = self._packing.dumps(
                    slot
                )
        waiting = self._windows.newcomers() if self._windows.windows else []
        if waiting:
            self._waiting[cut] = max([at for at, _, _ in waiting])
            facts = {"v": FORMAT, "waiting": [(at, *key, amount) for at, key, amount in waiting]}
            writes[self._waiting_key(cut)] = self._packing.dumps(facts)
        return writes

    def seal(self, cut: int) -> bytes:
        """The value of the record that ends the cut."""
        seal = {
            "v": FORMAT,
            "cut": cut,
            "reached": self._windows.reached,
            "settings": self._fingerprint,
            "waiting": list(self._waiting),
        }
        return self._packing.dumps(seal)

    def load(self, changelog: Changelog, cut: int) -> bool:
        """Take the windows out of a changelog whose totals are of this cut.

        False when they are not of one moment with the tickets, or of other settings: nothing
        is loaded then.
        """
        value = changelog.pop(self.key, None)
        if value is None:
            return False
        seal = self._packing.loads(value)
        waiting = {number: changelog.get(self._waiting_key(number)) for number in seal["waiting"]}
        whole = (seal["cut"], seal["settings"]) == (cut, self._fingerprint)
        if not whole or None in waiting.values():
            return False
        self._windows.expect(seal["reached"])
        for window in self._windows.windows:
            for place in range(window.places):
                value = changelog.pop(self._slot_key(window.span, place), None)
                if value is not None:
                    slot = self._packing.loads(value)
                    window.load(slot["slot"], _sums(slot["sums"]))
        for number, facts in waiting.items():
            del changelog[self._waiting_key(number)]
            self._load_waiting(number, facts or b"")
        # They are durable already.
        self._windows.newcomers()
        return True

    def _load_waiting(self, number: int, value: bytes) -> None:
        facts = self._packing.loads(value)["waiting"]
        self._waiting[number] = max([fact[0] for fact in facts])
        for at, kind, queue, place, amount in facts:
            if at > self._windows.reached:
                self._windows.put(at, (kind, queue, place), amount)

    def leave(self, key: bytes) -> None:
        """Have the next cut delete a record that nobody took out of the changelog."""
        self._void.add(key)

    def _slot_key(self, span: int, place: int) -> bytes:
        return b"%b-%d-%d" % (self.key, span, place)

    def _waiting_key(self, cut: int) -> bytes:
        return b"%b-waiting-%d" % (self.key, cut)


def _rows(sums: Mapping[WindowKey, int]) -> list[list[Any]]:
    """The sums, one row for each kind of fact and queue."""
    rows: dict[tuple[str, str], list[Any]] = {}
    for (kind, queue, place), amount in sums.items():
        row = rows.get((kind, queue))
        if row is None:
            row = rows[kind, queue] = [kind, queue]
        row.append(place)
        row.append(amount)
    return list(rows.values())


def _sums(rows: list[list[Any]]) -> dict[WindowKey, int]:
    """What `_rows` made rows of."""
    sums: dict[WindowKey, int] = {}
    for kind, queue, *amounts in rows:
        for place in range(0, len(amounts), 2):
            sums[kind, queue, amounts[place]] = amounts[place + 1]
    return sums
