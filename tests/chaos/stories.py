"""Stories that are told to workers in memory, minute by minute.

Tickets are drawn as in `tests.reference.pictures`. What is said does not depend on when it is
folded as long as every event arrives in its own minute.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from streams.config import Config
from streams.config.model import DeadLetters
from streams.config.schema import adapter
from streams.core.processor import Processor
from streams.core.record import dump
from streams.core.report import Books, report
from streams.core.settings import Settings
from streams.kafka.aside import ExcessError
from streams.wire import packing
from tests.chaos.worlds import Process, World
from tests.laws.driving import CloudEvent, merged
from tests.laws.recount import live_gauges, live_windows
from tests.reference.pictures import LETTERS, event, minute

PARTITIONS: Final = 2
PROMISES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "urgent",
        "when": {"priority": "urgent"},
        "calendar": "24x7",
        "targets": {"first_response": {"within": "2m", "warn": ["50%"]}, "resolution": "6m"},
    },
    {
        "name": "all",
        "calendar": "24x7",
        "targets": {
            "first_response": {"within": "4m", "warn": ["50%", "1m"]},
            "next_reply": "3m",
            "resolution": {"within": "8m", "pause": ["pending"], "warn": ["50%"]},
            "ownership": "5m",
        },
    },
)
TICKETS: Final = {
    "T1": "Cx..a..m....R...O...a.R",
    "T2": "..Cy.A...x.a.p....O..R.",
    "T3": "C...u..a.....m.....a...",
    "T4": "....Cx..D..U....m...aR.",
    "T5": ".C.x.....M.............",
}

Key = str
Record = tuple[Key, CloudEvent | bytes | None]


class Story(NamedTuple):
    """What arrives when, and what a worker was promised about it."""

    config: Config
    steps: list[tuple[int, list[Record]]]
    """What time it is, and the records that arrive then."""


def story(
    *, time: str = "wall", minutes: int = 1, delay: int = 0, **others: Mapping[str, Any]
) -> Story:
    """The tickets drawn above; a column is so many minutes, and all arrives columns late.

    Some records are broken, come twice, or are hours too late; one ticket is erased and restored.
    `others` are keys of the configuration.
    """
    given = {
        "policies": PROMISES,
        "time": time,
        "windows": ["5m", "1h"],
        "lateness": {"apply_within": "1h"},
        **others,
    }
    columns = range(max(map(len, TICKETS.values())) + delay)
    return Story(
        adapter().validate_json(json.dumps(given)),
        [(minute(at * minutes), list(_arriving(at, minutes, delay))) for at in columns],
    )


def _arriving(at: int, minutes: int, delay: int) -> Iterator[Record]:
    for ticket, picture in TICKETS.items():
        mark = picture[at - delay : at - delay + 1] if at >= delay else ""
        if mark in LETTERS:
            kind, data = LETTERS[mark]
            one = event((at - delay) * minutes, kind, ticket, **data)
            yield from [(ticket, one)] * (2 if at % 3 == 0 else 1)
    now = at * minutes
    if at % 5 == 4:
        yield "T1", b'{"broken":'
    if at % 7 == 6:
        yield "T6", event(now, "ticket.updated", "T6", status="open")
        yield "T6", event(now - 3 * 60, "ticket.updated", "T6", status="new")
    if at == 12:
        yield from [("T1", b"<html>")] * 4
    if at == 15:
        yield "T6", None
        yield "T6", event(now, "ticket.restored", "T6")


class Life:
    """A world, and how far a story has come in it."""

    def __init__(self, world: World, told: Story, step: int = 0) -> None:
        self.world = world
        self._told = told
        self._step = step

    @classmethod
    def of(cls, told: Story, *, exactly_once: bool) -> "Life":
        """A new one, at the beginning of the story."""
        logs: list[Any] = [[] for _ in range(PARTITIONS)]
        return cls(World(told.config, exactly_once, told.steps[0][0], logs), told)

    def copy(self) -> "Life":
        """As it is at this instant, for whoever goes on from here."""
        return Life(self.world.copy(), self._told, self._step)

    async def live(self) -> None:
        """One worker, from where the last one left off to the end of the story.

        Where it stops because it refuses too much, somebody lets the rest pass, and starts it.
        """
        try:
            await self._live()
        except ExcessError:
            self.world.config = replace(self.world.config, dead_letters=DeadLetters())
            await self._live()

    async def _live(self) -> None:
        process = Process(self.world)
        await asyncio.gather(*(process.take_over(p) for p in range(PARTITIONS)))
        await self._catch_up(process)
        while self._step < len(self._told.steps):
            self._arrive()
            if self._step % 8 == 2:
                await self._renew(process)
            await self._catch_up(process)
            if self._step % 8 == 3:
                await self._hand_over(process)
        await process.give_up(range(PARTITIONS))

    def _arrive(self) -> None:
        self.world.now, records = self._told.steps[self._step]
        for key, value in records:
            self.world.publish(key, value)
        self._step += 1

    async def _catch_up(self, process: Process) -> None:
        """Read all there is while commits are under way; then look what time it is."""
        while not all(map(process.has_read_all, range(PARTITIONS))):
            # Of one partition two batches at once.
            polls = (process.poll(p, most) for p, most in ((0, 1), (0, 5), (1, 5)))
            works = (*polls, process.commit(), process.commit())
            for failure in filter(None, await asyncio.gather(*works, return_exceptions=True)):
                raise failure
        await asyncio.gather(*(process.poll(p, 1) for p in range(PARTITIONS)))
        await process.commit()

    async def _hand_over(self, process: Process) -> None:
        """A partition leaves, is taken back, lost before it is restored, and taken back again."""
        await process.give_up([1])
        restoring = asyncio.ensure_future(process.take_over(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await process.give_up([1])
        await restoring
        await process.take_over(1)

    async def _renew(self, process: Process) -> None:
        """Promises are read again while records are on their way, and while a partition leaves."""
        await asyncio.gather(*(process.poll(p, 5) for p in range(PARTITIONS)), process.renew(0))
        await asyncio.gather(process.give_up([1]), process.renew(0))
        await process.take_over(1)
        await asyncio.gather(process.renew(0), process.give_up([1]))
        await process.take_over(1)


Reports = dict[bytes, dict[str, Any]]
"""By what the books hold: most crashes leave the same, and its report is made once."""


def figures(world: World, known: Reports) -> dict[str, Any]:
    """Everything there is to see in the end: the report, and what a next worker shows."""
    processors = world.processors()
    books, settings = books_of(processors), world.config.engine
    content = _content(books, settings)
    if content not in known:
        known[content] = report(books, settings, packing, world.now)
    return {
        "report": known[content],
        "gauges": [live_gauges(one) for one in processors],
        "windows": [live_windows(one) for one in processors],
        "aside": set(world.aside()),
    }


def _content(books: Books, settings: Settings) -> bytes:
    kept = {}
    for name, record in books.records.items():
        kept[name] = packing.loads(dump(record, settings, packing))
        # As of when it was counted last, which is not the same after a restart.
        del kept[name]["counted"]
    settled = [(month, slices.dump()) for month, slices in sorted(books.settled.months.items())]
    return repr((sorted(kept.items()), settled, sorted(books.outcomes.items()))).encode()


def books_of(processors: Iterable[Processor]) -> Books:
    """What all partitions hold together."""
    return merged(Books(one.wake(), one.settled, one.outcomes) for one in processors)


def standing(world: World) -> Counter[tuple[str, ...]]:
    """What was said of each clock and not taken back; what was said again counts once."""
    said = {one["id"]: one for one in world.transitions()}
    for one in list(said.values()):
        if one["transition"] == "retracted":
            del said[one["id"]], said[one["refers_to"]]
    return Counter(
        (one["ticket"], one["clock"], *one["instance"].values(), one["transition"])
        for one in said.values()
    )
