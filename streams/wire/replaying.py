"""Letters that go back to where they came from, and the marks that remember it.

A *mark* is a record beside the letters, behind the one it names, in the same partition: it says
that this letter went back. So nobody puts a letter back twice, whichever letters are chosen and
whoever does it; and a mark lives as long as its letter, because it is younger.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from streams.core.events import Refused
from streams.wire.cloudevents import decode
from streams.wire.deadletters import PREFIX, Letter, details, replay_headers

_MARK: Final = "replayed"


class Place(NamedTuple):
    """Where a letter is: partition and offset of its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place of a text such as `2/1234`; raises `ValueError` for any other."""
        partition, _, offset = text.partition("/")
        if not (partition.isdecimal() and offset.isdecimal()):
            raise ValueError(f"{text!r} is no place of a letter")
        return cls(int(partition), int(offset))


class Stored(NamedTuple):
    """A letter in its topic."""

    place: Place
    at: int
    """When it was written there, epoch milliseconds."""
    letter: Letter
    said: Mapping[str, str]
    """What its headers say (`streams.wire.deadletters.details`)."""

    @property
    def reason(self) -> str:
        """Why it is here; empty where its headers do not tell."""
        return self.said.get("reason", "")


class Marked(NamedTuple):
    """A mark: the letter at this place went back."""

    place: Place


def found(place: Place, at_ms: int, letter: Letter) -> Stored | Marked:
    """What a record of a topic of letters is."""
    said = details(letter.headers)
    try:
        return Marked(Place.read(said.get(_MARK, "")))
    except ValueError:
        return Stored(place, at_ms, letter, said)


class Stays(StrEnum):
    """Why a letter cannot go back, besides the reasons of `streams.wire.reasons`."""

    CUT = "cut"
    FOREIGN = "foreign"


STAYS: Final[Mapping[str, str]] = {
    Stays.CUT: "only its beginning was kept",
    Stays.FOREIGN: "it was read from another topic",
}
"""What these mean."""


def mark(place: Place, key: bytes | None, *, at_ms: int, engine: str) -> Letter:
    """The record that says that the letter at `place`, which has this key, went back."""
    said = {_MARK: str(place), "replayed_at": str(at_ms), "engine": engine}
    # A Kafka client does not send a record of two nulls.
    value = b"" if key is None else None
    return Letter(key, value, [(PREFIX + name, text.encode()) for name, text in said.items()])


def original(letter: Letter) -> Letter:
    """The record as it is put back: as it came, and with the instant it was first seen."""
    value = None if details(letter.headers).get("null") == "value" else letter.value
    return Letter(letter.key, value, replay_headers(letter.headers))


def obstacle(stored: Stored, source: str, *, now_ms: int, future_skew_ms: int) -> str:
    """Why a letter cannot go back to the topic `source`; empty when it can.

    One that would be refused again stays, under the reason that it would have now: it would
    only come back as another letter.
    """
    if stored.said.get("topic") != source:
        return Stays.FOREIGN.value
    if "sha256" in stored.said:
        return Stays.CUT.value
    arrival = decode(*original(stored.letter), now_ms=now_ms, future_skew_ms=future_skew_ms)
    return arrival.reason if isinstance(arrival, Refused) else ""
