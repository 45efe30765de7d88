"""What hangs in a worker: it is told, so that the worker stops and whoever runs it starts it again.

A partition that nobody fetches any more, a restore that never ends, a write that is never
answered: nothing fails, so nothing else would notice. A transaction that its producer left open in
the source is none of it: a new start would not end it, so it is told, and the worker goes on.
"""

import logging
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from streams.config.model import Config
from streams.config.values import duration_text
from streams.kafka.partitions import OwnedOf, PartitionsOf

log = logging.getLogger("deskpulse")

HELD_BACK: Final = "waits for an open transaction in the source (hanging producer)"
MAX_STEP_S: Final = 2.0
"""Between two looks no more than this counts: a process that was paused has not waited."""


class StalledError(Exception):
    """Something hangs."""


class _Place(NamedTuple):
    """Where something goes on, if nothing hangs."""

    topic: str
    partition: int
    doing: str


class Stalls:
    """Looks again and again at what has to go on, and says what has not for too long."""

    def __init__(self, config: Config) -> None:
        self._health = config.health
        self._bootstrap = config.kafka.bootstrap
        self._seen: dict[_Place, tuple[Hashable, float]] = {}
        self._looked_at: float | None = None
        self._ran_s = 0.0

    def look(self, feeds: Iterable[PartitionsOf[Any]], at_s: float) -> None:
        """Raises `StalledError` for the first that hangs; `at_s` is of a monotonic clock.

        What only a person can end is noted with the partition (`PartitionsOf.hanging`).
        """
        feeds = list(feeds)
        if self._looked_at is not None:
            self._ran_s += min(at_s - self._looked_at, MAX_STEP_S)
        self._looked_at = at_s
        seen: dict[_Place, tuple[Hashable, float]] = {}
        hanging: dict[str, dict[int, str]] = {}
        for place, mark, within in self._marks(feeds):
            before = self._seen.get(place)
            seen[place] = (mark, self._ran_s) if before is None or before[0] != mark else before
            if (self._ran_s - seen[place][1]) * 1000 <= within:
                continue
            told = f"partition {place.partition} of {place.topic} {place.doing}"
            if place.doing != HELD_BACK:
                raise StalledError(
                    f"{told} for more than {duration_text(within)}; a new start may help "
                    "(see the broker if it does not)"
                )
            hanging.setdefault(place.topic, {})[place.partition] = (
                f"{told}; {self._advice(place, mark)}"
            )
        self._seen = seen
        for feed in feeds:
            now = hanging.get(feed.source.topic, {})
            for partition in now.keys() - feed.hanging.keys():
                log.warning("%s", now[partition])
            feed.hanging = now

    def _advice(self, place: _Place, first: Hashable) -> str:
        tool = f"kafka-transactions.sh --bootstrap-server {self._bootstrap}"
        where = f"--topic {place.topic} --partition {place.partition}"
        return (
            f"`{tool} describe-producers {where}` names its producer, "
            f"`{tool} abort {where} --start-offset {first}` ends it; until then nothing behind "
            "it is read, and deadlines wait"
        )

    def _marks(self, feeds: Iterable[PartitionsOf[Any]]) -> Iterator[tuple[_Place, Hashable, int]]:
        """What has to change, and within how many milliseconds."""
        stalled, restore = self._health.stalled, self._health.restore
        for feed in feeds:
            for owned in feed.owned.values():
                at = feed.source.topic, owned.partition
                if not owned.ready:
                    yield _Place(*at, "has been restored"), None, restore
                    continue
                yield _Place(*at, "has not got on"), _progress(owned), stalled
                if owned.held_back and owned.answer is not None:
                    yield _Place(*at, HELD_BACK), owned.answer.stable, stalled
                if owned.committing.locked():
                    yield _Place(*at, "has waited for a write"), owned.written, stalled


def _progress(owned: OwnedOf[Any]) -> int:
    """Of one that is behind where it stands, of another one the broker's answers."""
    if owned.answer is not None and (owned.caught_up or owned.held_back):
        return owned.answer.at
    position: int = owned.processor.position
    return position
