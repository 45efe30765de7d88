"""What the sources send while workers are hurt: tickets by the hundred, each another.

Seeded, and known beforehand: how many events each ticket gets that count, so that what is lost or
counted twice is seen ticket by ticket, whatever the engine says about it.
"""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from streams.kafka.publish import Message
from streams.wire.codec import dumps
from tests.reference.pictures import LETTERS, event

BEGINNINGS: Final = ("Cx.u", "Cy..", "C.xA", "Cu.y")
MIDDLES: Final = (
    "a.m.a",
    "m......a",
    "m.b..A.a",
    "R..O.m.a",
    "p....m.a",
    "x...B.a",
    "n.m....a",
    "K.h..O.a",
)
END: Final = "a.R"
AT_ONCE: Final = 200
"""Tickets that are open side by side."""
STRETCHES: Final = 6
"""Of a ticket's middle: with them it has some 25 events."""
PAUSE_MIN: Final = 30
"""Between two hundreds of tickets: then every clock has had its say."""
AGO_MIN: Final = 3 * 60
"""How old what comes late is; more than `LATENESS`."""
LATENESS: Final = "1h"
_TWICE, _LATE, _BROKEN, _SWAPPED = 0.05, 0.004, 0.002, 0.1

PROMISES: Final = """
policies:
  - name: urgent
    when: {priority: urgent}
    calendar: 24x7
    objective: 99%
    targets: {first_response: {within: 2m, warn: [50%]}, resolution: 40m}
  - name: all
    calendar: 24x7
    objective: 95%
    targets:
      first_response: {within: 4m, warn: [50%, 1m]}
      next_reply: 5m
      resolution: {within: 50m, pause: [pending], warn: [50%]}
      ownership: 20m
"""
SETTINGS: Final = (
    f"lateness: {{apply_within: {LATENESS}}}\nretention: {{closed_ticket: 300d}}\nwindows: [1h]\n"
)
"""Further lines of deskpulse.yml: what is told of a ticket is kept, so that it can be counted."""


class Expected(NamedTuple):
    """What is sent in all."""

    events: dict[str, int]
    """Of each ticket, those that count: each once, none of them late."""
    sent: Counter[str]
    """Records: `applied`, `duplicate`, `late`, `rejected`."""


class Traffic:
    """So many records, or a few more: the last tickets get theirs, too."""

    def __init__(self, seed: int, records: int) -> None:
        self.expected = Expected({}, Counter())
        self._random = random.Random(seed)
        self._records = records

    def messages(self) -> Iterator[Message]:
        """In the order in which they are sent; minutes apart in their own time."""
        base = hundred = 0
        while self.expected.sent.total() < self._records:
            lives = {f"T{hundred}-{n}": self._life() for n in range(AT_ONCE)}
            longest = max(map(len, lives.values()))
            for column in range(longest):
                yield from self._column(base, column, lives)
            base, hundred = base + longest + PAUSE_MIN, hundred + 1

    def _life(self) -> str:
        chosen = self._random
        middle = (chosen.choice(MIDDLES) for _ in range(STRETCHES))
        return "".join((chosen.choice(BEGINNINGS), *middle, END))

    def _column(self, base: int, column: int, lives: dict[str, str]) -> Iterator[Message]:
        sent, chosen = self.expected.sent, self._random
        tickets = [t for t, life in lives.items() if life[column : column + 1] in LETTERS]
        if chosen.random() < _SWAPPED:
            chosen.shuffle(tickets)
        for ticket in tickets:
            kind, data = LETTERS[lives[ticket][column]]
            message = _message(base + column, kind, ticket, data)
            yield message
            sent["applied"] += 1
            self.expected.events[ticket] = self.expected.events.get(ticket, 0) + 1
            if chosen.random() < _TWICE:
                yield message
                sent["duplicate"] += 1
            if chosen.random() < _LATE:
                old = base + column - AGO_MIN
                yield _message(old, "ticket.updated", ticket, {"status": "open", "queue": "z"})
                sent["late"] += 1
            if chosen.random() < _BROKEN:
                yield ticket.encode(), b'{"broken":', ()
                sent["rejected"] += 1


def _message(minute: int, kind: str, ticket: str, data: dict[str, object]) -> Message:
    return ticket.encode(), dumps(event(minute, kind, ticket, **data)), ()
