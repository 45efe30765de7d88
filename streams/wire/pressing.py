"""Records pressed by Zstandard, which finds in each of them what an invented one holds, too.

Alone a record is too short to be made much smaller. So there is a dictionary: the records of a
ticket nobody has ever had, at several points of its life, as this version of the engine writes
them. No word of a real ticket is in it, so nothing of one that is redacted stays there.
"""

from functools import cache
from typing import Any, Final

from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

from streams.core import events as ev
from streams.core.events import Accepted, Event
from streams.core.instants import DAY, HOUR
from streams.core.policies import CLOCKS, Policies, Policy, Terms
from streams.core.processor import Processor
from streams.core.settings import Settings
from streams.wire import packing

LEVEL: Final = 3
"""A higher one costs several times as much and gains a tenth."""

_BEGAN: Final = 1_782_000_000_000
_AGENT: Final = {"id": "agent-1", "role": "agent"}
_REQUESTER: Final = {"id": "customer-1", "role": "requester"}
_LIFE: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        ev.CREATED,
        {
            "actor": _REQUESTER,
            "category": "category-1",
            "channel": "email",
            "kind": "question",
            "priority": "normal",
            "product": "product-1",
            "queue": "support",
            "requester": "customer-1",
            "segment": "segment-1",
            "status": "new",
            "tags": ["tag-1"],
        },
    ),
    (ev.UPDATED, {"actor": _AGENT, "assignee": "agent-1", "status": "open"}),
    (ev.REPLIED, {"author": _AGENT, "channel": "email", "visibility": "public"}),
    (ev.UPDATED, {"actor": _AGENT, "status": "pending"}),
    (ev.REPLIED, {"author": _REQUESTER, "visibility": "public"}),
    (ev.REPLIED, {"author": _AGENT, "automatic": True, "visibility": "private"}),
    (ev.UPDATED, {"assignee": None, "priority": "high", "queue": "second", "status": "open"}),
    (ev.WORKED, {"activity": "talk", "agent": "agent-1", "seconds": 600}),
    (ev.UPDATED, {"assignee": "agent-2", "status": "on_hold"}),
    (ev.UPDATED, {"actor": _AGENT, "status": "resolved"}),
    (ev.SURVEY_SENT, {"kind": "csat", "survey": "survey-1", "via": "email"}),
    (
        ev.SURVEY_RESPONDED,
        {"kind": "csat", "scale": {"max": 5, "min": 1}, "score": 4, "survey": "survey-1"},
    ),
    (ev.UPDATED, {"actor": _REQUESTER, "status": "open"}),
    (ev.UPDATED, {"priority": "low", "status": "closed"}),
)
_STEP: Final = 3
"""Events between two of the records."""


class Press:
    """Presses records, and opens what was pressed; one is enough for all partitions."""

    def __init__(self) -> None:
        known = ZstdCompressionDict(dictionary(), dict_type=DICT_TYPE_RAWCONTENT)
        known.precompute_compress(level=LEVEL)
        self._compressor = ZstdCompressor(
            level=LEVEL, dict_data=known, write_checksum=False, write_dict_id=False
        )
        self._decompressor = ZstdDecompressor(dict_data=known)

    def press(self, raw: bytes) -> bytes:
        """Smaller bytes."""
        # A copy: what the library returns keeps all the room there could have been need of.
        return bytes(memoryview(self._compressor.compress(raw)))

    def open(self, pressed: bytes) -> bytes:
        """What was pressed."""
        return self._decompressor.decompress(pressed)


@cache
def the_press() -> Press:
    """The one of this process; what it presses stays in it."""
    return Press()


def dictionary() -> bytes:
    """The records of the invented ticket, at several points of its life."""
    promises: dict[str, dict[str | None, Terms]] = {
        clock: {None: Terms("standard", clock, HOUR)} for clock in CLOCKS
    }
    processor = Processor(Settings(policies=Policies((Policy("standard", promises),))), packing)
    found = []
    for number, (kind, data) in enumerate(_LIFE):
        event = Event(_BEGAN + number * DAY, number, "source-1", f"event-{number}", kind, data)
        processor.apply([(number, Accepted("1", event, packing.pack(event), b"", ()))])
        if number % _STEP == 0:
            found += [value for key, value in processor.cut().writes if key == b"1" and value]
    return b"".join(found)
