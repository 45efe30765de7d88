"""`exclude_spam_from_windows`: what was deleted as spam never was in any window."""

from itertools import permutations
from typing import Any

import orjson
import pytest

from streams.core.instants import HOUR
from streams.core.processor import Processor
from streams.core.settings import Settings
from streams.core.windows import COUNT
from streams.wire import packing
from streams.wire.cloudevents import decode_line

CREATED = ("ticket.created", {"queue": "billing"})
MESSAGE = (
    "ticket.replied",
    {"author": {"id": "r", "role": "requester"}, "visibility": "public"},
)
DELETED = ("ticket.deleted", {"reason": "deleted"})
SPAM = ("ticket.deleted", {"reason": "spam"})
RESTORED: tuple[str, dict[str, Any]] = ("ticket.restored", {})


def counted(life: list[tuple[str, dict[str, Any]]], order: tuple[int, ...], *, out: bool) -> int:
    """How many creations and messages an hour's window counts after a ticket's life."""
    processor = Processor(Settings(windows=(HOUR,), exclude_spam_from_windows=out), packing)
    for offset, place in enumerate(order):
        name, data = life[place]
        event = {
            "specversion": "1.0",
            "id": str(place),
            "source": "s",
            "type": name,
            "subject": "T",
            "time": f"2026-01-05T10:{place:02}:00Z",
            "data": data,
        }
        arrival = decode_line(orjson.dumps(event), now_ms=4_000_000_000_000, future_skew_ms=0)
        processor.apply([(offset, arrival)])
    processor.advance(processor.newest or 0)
    processor.settle()
    totals = processor.windows.windows[0].totals
    kinds = ("created", "requester_message")
    return sum(totals.get((kind, "billing", COUNT), 0) for kind in kinds)


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        ([CREATED, MESSAGE], 2),
        ([CREATED, MESSAGE, DELETED], 2),
        ([CREATED, MESSAGE, SPAM], 0),
        ([CREATED, SPAM, MESSAGE], 0),
        ([CREATED, SPAM, MESSAGE, RESTORED], 2),
        ([CREATED, SPAM, RESTORED, SPAM], 0),
    ],
)
def test_spam_leaves_past_windows_in_any_order(
    life: list[tuple[str, dict[str, Any]]], expected: int
) -> None:
    for order in permutations(range(len(life))):
        assert counted(life, order, out=True) == expected
        assert counted(life, order, out=False) == sum(one in (CREATED, MESSAGE) for one in life)
