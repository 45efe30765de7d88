"""The fast way: a structured event about which nothing has to be said.

One decoder for all event types, built from the payload tables. It lets through only
events that the careful way (`streams.wire.cloudevents`) accepts unchanged; for anything
else, be it slightly odd or plainly broken, it gives up and the careful way decides.
"""

from functools import reduce
from operator import or_
from typing import Any, Final

from msgspec import UNSET, UnsetType, defstruct, to_builtins
from msgspec.json import Decoder

from streams.core.events import Accepted, Event
from streams.wire.envelope import accepted, check_versions, read_sequence, read_time
from streams.wire.kinds import Kind
from streams.wire.payloads import ID, NAMED, PAYLOADS, WITHOUT_DATA, check

_TRACING: Final = ("datacontenttype", "traceparent", "tracestate", "partitionkey")
"""Attributes so common that they should not cost the careful way; read by nobody."""


def _envelope(event_type: str, payload: Kind) -> Any:
    fields: list[Any] = [
        ("specversion", str),
        ("id", ID.strict),
        ("source", NAMED.strict),
        ("subject", ID.strict),
        ("time", str),
        ("sequence", int | str, 0),
        ("dataschema", str | None, None),
        *((name, str | UnsetType, UNSET) for name in _TRACING),
        ("data", payload.strict | UnsetType, UNSET)
        if event_type in WITHOUT_DATA
        else ("data", payload.strict),
    ]
    return defstruct(
        "Envelope",
        fields,
        tag_field="type",
        tag=event_type,
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )


_ENVELOPES: Final = {_envelope(name, payload): name for name, payload in PAYLOADS.items()}
_DECODER: Final[Decoder[Any]] = Decoder(reduce(or_, _ENVELOPES))


def read_clean(value: bytes, key: bytes | None, latest_ms: int) -> Accepted | None:
    """The event, if it is clean and (unless `key` is None) its subject is the key.

    `None` says nothing about the message but that it has to be read carefully.
    """
    try:
        envelope = _DECODER.decode(value)
        ticket = envelope.subject
        if key is not None and ticket.encode() != key:
            return None
        check_versions(envelope.specversion, envelope.dataschema)
        data = {} if envelope.data is UNSET else to_builtins(envelope.data)
        event_type = _ENVELOPES[type(envelope)]
        check(event_type, ticket, data)
        event = Event(
            read_time(envelope.time, latest_ms),
            read_sequence(envelope.sequence),
            envelope.source,
            envelope.id,
            event_type,
            data,
        )
    except (ValueError, RecursionError):
        # A refusal of ours, or msgspec's: malformed, a type it does not expect, too deep.
        return None
    return accepted(ticket, event, envelope.time, set())
