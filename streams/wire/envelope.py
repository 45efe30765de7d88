"""The CloudEvents attributes that need more than a type: versions, sequence, time.

Both ways of reading an event, the fast and the careful one, end here, so they cannot
differ in what an attribute means.
"""

import re
from typing import Any, Final

from streams.core.events import Accepted, Event
from streams.core.instants import is_leap_second, parse_rfc3339
from streams.wire.codec import dumps
from streams.wire.kinds import MAX_EXACT
from streams.wire.packing import pack
from streams.wire.reasons import MAX_KEPT_BYTES, Flag, Reason, Refusal

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01T00:00:00Z: an event before it has a broken clock."""

DATASCHEMA: Final = "urn:deskpulse:event:1"
_DATASCHEMA_MINOR: Final = re.compile(r"urn:deskpulse:event:1\.[0-9]+")
_DECIMAL: Final = re.compile(r"-?[0-9]+")
_INT64: Final = range(-(2**63), 2**63)


def check_versions(specversion: Any, dataschema: Any) -> None:
    """Raises `Refusal` unless both are versions this program reads; no dataschema is 1."""
    if specversion != "1.0":
        raise Refusal(Reason.VERSION)
    if dataschema is None or dataschema == DATASCHEMA:
        return
    if type(dataschema) is not str or _DATASCHEMA_MINOR.fullmatch(dataschema) is None:
        raise Refusal(Reason.VERSION)


def read_sequence(value: Any) -> int:
    """The source's version of the ticket: an integer of 64 bits, or its digits; absent is 0."""
    if value is None:
        return 0
    if type(value) is str:
        if _DECIMAL.fullmatch(value) is None:
            raise Refusal(Reason.VALUE)
        # Longer than any zero-padded 64-bit number, and Python would refuse to convert it.
        value = int(value) if len(value) <= 1000 else 2**63
    elif type(value) is float:
        # Also what the parser makes of an integer it cannot hold, which is exact no more.
        if abs(value) > MAX_EXACT:
            raise Refusal(Reason.NUMBER)
        if value == int(value):
            value = int(value)
    if type(value) is not int:
        raise Refusal(Reason.TYPE)
    if value not in _INT64:
        raise Refusal(Reason.NUMBER)
    return value


def read_time(text: Any, latest_ms: int) -> int:
    """Event time in epoch milliseconds; `latest_ms` is the last instant not in the future."""
    if type(text) is not str:
        raise Refusal(Reason.TIMESTAMP)
    try:
        at_ms = parse_rfc3339(text)
    except ValueError:
        raise Refusal(Reason.TIMESTAMP) from None
    if at_ms < EARLIEST_MS:
        raise Refusal(Reason.ANCIENT)
    if at_ms > latest_ms:
        raise Refusal(Reason.FUTURE)
    return at_ms


def accepted(ticket: str, event: Event, time: str, flags: set[str]) -> Accepted:
    """The event with its packed bytes; `time` is the text its instant was read from.

    Raises `Refusal` when there is more to keep than a history can hold.
    """
    packed = pack(event)
    if len(packed) > MAX_KEPT_BYTES:
        raise Refusal(Reason.OVERSIZE)
    if is_leap_second(time):
        flags.add(Flag.LEAP_SECOND)
    identity = dumps([event.source, event.id])
    told = tuple(sorted(map(str, flags))) if flags else ()
    return Accepted(ticket, event, packed, b",%b," % identity[1:-1], told)
