"""A ticket's history as bytes: packed events, comma-joined.

A history needs no decoding to grow, and is a slice of the changelog record itself, so
writing a ticket encodes none of its events again. This module is the `Packing` that
`streams.core.record` is handed.
"""

from streams.core.events import Event
from streams.wire.codec import canonical, dumps, loads

__all__ = ["dumps", "loads", "pack", "unpack"]


def pack(event: Event) -> bytes:
    """The event as compact JSON `[at,sequence,source,id,type,data]`, keys of `data` sorted.

    Equal events give equal bytes, so two events of one id can be compared as bytes.
    """
    return canonical(tuple(event))


def unpack(history: bytes) -> list[Event]:
    """The events of a comma-joined run of packed events, in that order; empty for none."""
    return [Event._make(fields) for fields in loads(b"[" + history + b"]")]
