"""The fast way: a structured event about which nothing has to be said.

It lets through only events that the careful way (`streams.wire.cloudevents`) accepts
unchanged; for anything else, be it slightly odd or plainly broken, it gives up and the
careful way decides.

What sources say repeats: the same snapshot of attributes, the same kind of reply. So a payload
is read once, and found again by its bytes.
"""

from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Raw, UnsetType, defstruct, to_builtins
from msgspec.json import Decoder

from streams.core.events import TICKET_TYPES, Accepted, Event
from streams.wire.codec import canonical, dumps
from streams.wire.envelope import check_versions, read_sequence, read_time
from streams.wire.parsing import strings_in
from streams.wire.payloads import ID, NAMED, PAYLOADS, RULES, WITHOUT_DATA, check
from streams.wire.reasons import MAX_KEPT_BYTES

_TRACING: Final = ("datacontenttype", "traceparent", "tracestate", "partitionkey")
"""Attributes so common that they should not cost the careful way; read by nobody."""

_FIELDS: Final[list[Any]] = [
    ("specversion", str),
    ("type", str),
    ("id", ID.strict),
    ("source", NAMED.strict),
    ("subject", ID.strict),
    ("time", str),
    ("sequence", int | str | UnsetType, UNSET),
    ("dataschema", str | UnsetType, UNSET),
    *((name, str | UnsetType, UNSET) for name in _TRACING),
    ("data", Raw | UnsetType, UNSET),
]
_REQUIRED: Final = sum(len(field) == 2 for field in _FIELDS)
_OPTIONAL: Final = [field[0] for field in _FIELDS[_REQUIRED:]]
_DECODER: Final[Decoder[Any]] = Decoder(
    defstruct("Envelope", _FIELDS, forbid_unknown_fields=True, kw_only=True, gc=False)
)

_MAX_KNOWN: Final = 10_000
"""Payloads of a type that are remembered; then it begins anew."""
_MAX_REMEMBERED_BYTES: Final = 1_000


class _Payload(NamedTuple):
    """A payload as it was read."""

    data: dict[str, Any]
    """Shared by all events that say the same: nobody writes to it."""
    packed: bytes
    """As `pack` would write it."""
    quotes: int
    """How many quotes its bytes have; where there is no payload, there is no key `data` either."""


class _Payloads:
    """All that was read of one event type."""

    __slots__ = ("_decoder", "_known", "has_rules", "packed_type")

    def __init__(self, event_type: str) -> None:
        self.packed_type: bytes = dumps(event_type)
        self.has_rules: bool = event_type in RULES
        self._decoder: Decoder[Any] = Decoder(PAYLOADS[event_type].strict)
        self._known: dict[bytes, _Payload] = {}
        if event_type in WITHOUT_DATA:
            self._known[b""] = _Payload({}, b"{}", -2)

    def read(self, raw: bytes) -> _Payload:
        """The payload of these bytes; raises `ValueError` for what is not clean."""
        known = self._known.get(raw)
        if known is not None:
            return known
        data, quotes = to_builtins(self._decoder.decode(raw)), raw.count(b'"')
        if quotes != 2 * strings_in(data):
            raise ValueError("a key that stands twice, or a quote within a string")
        found = _Payload(data, canonical(data), quotes)
        if len(raw) <= _MAX_REMEMBERED_BYTES:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[raw] = found
        return found


_PAYLOADS: Final = {name: _Payloads(name) for name in PAYLOADS}


def read_clean(
    value: bytes,
    key: bytes | None,
    latest_ms: int,
    types: frozenset[str] = TICKET_TYPES,
) -> Accepted | None:
    """The event, if it is clean, of these types, and (unless `key` is None) its subject the key.

    `None` says nothing about the message but that it has to be read carefully.
    """
    try:
        envelope = _DECODER.decode(value)
        ticket, event_type = envelope.subject, envelope.type
        payloads = _PAYLOADS.get(event_type) if event_type in types else None
        if payloads is None or (key is not None and ticket.encode() != key):
            return None
        if envelope.specversion != "1.0" or envelope.dataschema is not UNSET:
            schema = None if envelope.dataschema is UNSET else envelope.dataschema
            check_versions(envelope.specversion, schema)
        raw, sequence = envelope.data, envelope.sequence
        data, packed_data, quotes = payloads.read(b"" if raw is UNSET else bytes(raw))
        quotes = value.count(b'"') - quotes
        if sequence is UNSET:
            sequence = 0
        else:
            sequence = read_sequence(sequence)
            quotes -= 2
        if quotes != _LEAST_QUOTES and quotes != _quotes_around(envelope):
            # A key stands twice, and has to be flagged; or there is a quote within a text.
            return None
        if payloads.has_rules:
            check(event_type, ticket, data)
        at = read_time(envelope.time, latest_ms)
    except (ValueError, RecursionError):
        # A refusal of ours, or msgspec's: malformed, a type it does not expect, too deep.
        return None
    source, event_id = envelope.source, envelope.id
    identity = b",%b,%b," % (_packed_source(source), _packed(event_id))
    packed = b"[%d,%d%b%b,%b]" % (at, sequence, identity, payloads.packed_type, packed_data)
    if len(packed) > MAX_KEPT_BYTES or envelope.time[17:19] == "60":
        return None
    # As `Event(...)` does it, without the call in between: each event comes by here.
    event = _new(Event, (at, sequence, source, event_id, event_type, data))
    arrival: Accepted = _new(Accepted, (ticket, event, packed, identity, ()))
    return arrival


_new: Final[Any] = tuple.__new__

# A key is written with two quotes, and so is a text. So a value that has as many as the event
# needs at least says every key once; with more, one is written again, or stands within a text.
_LEAST_QUOTES: Final = 4 * _REQUIRED + 2
"""Of the required attributes and of the key `data`; not of the key `sequence`."""


def _quotes_around(envelope: Any) -> int:
    """What is expected of an envelope with attributes that few have."""
    texts = sum(type(getattr(envelope, name)) is str for name in _OPTIONAL)
    return _LEAST_QUOTES + 4 * texts - 2 * (type(envelope.sequence) is str)


def _packed(text: str) -> bytes:
    """The text as JSON."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return b'"%b"' % text.encode()
    return dumps(text)


@lru_cache(maxsize=1_000)
def _packed_source(source: str) -> bytes:
    return dumps(source)
