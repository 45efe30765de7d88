"""A Kafka record, or a line of a file, to an arrival: every message gets exactly one.

CloudEvents 1.0 in both Kafka bindings. *Structured*: the value is the whole event.
*Binary*: the attributes are `ce_*` headers and the value is `data`; such a record may
have a null value (an event without data), so only a null value without those headers is
a tombstone.

A refused message has one reason, the first that applies: it cannot be parsed; it speaks
another version; (an unknown type is ignored here) its key is not its ticket; a required
field is missing; a field has the wrong type or value; its time is impossible.
"""

from collections.abc import Mapping, Sequence
from traceback import walk_tb
from typing import Any, Final

from streams.core.events import (
    TICKET_TYPES,
    Accepted,
    Arrival,
    Event,
    Ignored,
    Redaction,
    Refused,
)
from streams.wire.envelope import accepted, check_versions, read_sequence, read_time
from streams.wire.kinds import Flags, members
from streams.wire.parsing import parse, repeats_a_key
from streams.wire.payloads import ID, NAMED, PAYLOADS, WITHOUT_DATA, check
from streams.wire.reasons import (
    MAX_ID,
    MAX_TEXT,
    MAX_VALUE_BYTES,
    Flag,
    Reason,
    Refusal,
    missing,
)
from streams.wire.strict import read_clean

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka headers in order; of equal names the last one counts."""

UNKNOWN_TYPE: Final = "unknown_type"
"""Why a valid event of another kind, or of another topic, is ignored."""

_STRUCTURED: Final = b"application/cloudevents"
_PREFIX: Final = "ce_"
_REQUIRED: Final = ("subject", "id", "source", "time")


def decode(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    *,
    now_ms: int,
    future_skew_ms: int,
    types: frozenset[str] = TICKET_TYPES,
) -> Arrival:
    """What a record of a topic is that carries these types; never raises, whatever the bytes.

    Default: `ticket-events`. An event more than `future_skew_ms` ahead of `now_ms` is refused;
    exactly that far ahead it is not.
    """
    latest_ms = now_ms + future_skew_ms
    try:
        if _is_binary(headers):
            return _read_carefully(key, value, headers, latest_ms, types, keyed=True)
        if value is None:
            return _tombstone(key)
        if key is not None and len(value) <= MAX_VALUE_BYTES:
            clean = read_clean(value, key, latest_ms, types)
            if clean is not None:
                return clean
        return _read_carefully(key, value, None, latest_ms, types, keyed=True)
    except Refusal as refusal:
        return Refused(refusal.reason)
    except Exception as error:  # noqa: BLE001 - one message must not stop all others
        return _failed(error)


def decode_line(
    line: bytes, *, now_ms: int, future_skew_ms: int, types: frozenset[str] = TICKET_TYPES
) -> Arrival:
    """What a line of a JSON Lines file is: a structured event, with no key to agree with.

    A blank line is refused as `empty`. The line break may be there or not.
    """
    latest_ms = now_ms + future_skew_ms
    try:
        if len(line) <= MAX_VALUE_BYTES:
            clean = read_clean(line, None, latest_ms, types)
            if clean is not None:
                return clean
        return _read_carefully(None, line, None, latest_ms, types, keyed=False)
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(error)


def _failed(error: Exception) -> Refused:
    """A message that found a fault of this program: told is where, not what the message says."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    fault = f"{type(error).__name__} in {frame.f_globals['__name__']}:{line}"
    return Refused(Reason.HANDLER.value, fault=fault)


def _is_binary(headers: Headers) -> bool:
    """Whether headers carry the attributes; raises `Refusal` for a name that is no text."""
    binary = structured = False
    for name, content in headers:
        if not name.isascii():
            _check_text(name)
        if name.startswith(_PREFIX):
            binary = True
        elif name.lower() == "content-type" and (content or b"").lower().startswith(_STRUCTURED):
            structured = True
    return binary and not structured


def _check_text(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        # Bytes that are no UTF-8 come as what stands for them (`streams.kafka.fetching`).
        raise Refusal(Reason.ENCODING) from None


def _tombstone(key: bytes | None) -> Redaction | Refused:
    try:
        ticket = (key or b"").decode()
    except UnicodeDecodeError:
        ticket = ""
    return Redaction(ticket) if 1 <= len(ticket) <= MAX_ID else Refused(Reason.KEY.value)


def _read_carefully(
    key: bytes | None,
    value: bytes | None,
    headers: Headers | None,
    latest_ms: int,
    types: frozenset[str],
    *,
    keyed: bool,
) -> Accepted | Ignored | Refused:
    """Read a message step by step; `headers` only where they carry the attributes."""
    source, flags = "", set[str]()
    try:
        if headers is None:
            event = _whole(value or b"", flags)
        else:
            event = _assembled(headers, value, flags)
        source = _readable_source(event)
        return _judged(event, key, latest_ms, types, flags, keyed=keyed)
    except Refusal as refusal:
        return Refused(refusal.reason, source)


def _whole(value: bytes, flags: Flags) -> dict[str, Any]:
    event = _parsed(value, flags)
    if type(event) is not dict:
        raise Refusal(Reason.SHAPE)
    return members(event)


def _assembled(headers: Headers, value: bytes | None, flags: Flags) -> dict[str, Any]:
    data = None if value is None else _parsed(value, flags)
    if data is not None and type(data) is not dict:
        raise Refusal(Reason.SHAPE)
    try:
        event: dict[str, Any] = {
            name.removeprefix(_PREFIX): content.decode()
            for name, content in headers
            if name.startswith(_PREFIX) and content is not None
        }
    except UnicodeDecodeError:
        raise Refusal(Reason.ENCODING) from None
    return event | {"data": data}


def _parsed(value: bytes, flags: Flags) -> Any:
    document = parse(value)
    if repeats_a_key(value, document):
        flags.add(Flag.DUP_KEY)
    return document


def _readable_source(event: Mapping[str, Any]) -> str:
    source = event.get("source")
    return source if type(source) is str and len(source) <= MAX_TEXT else ""


def _judged(
    event: Mapping[str, Any],
    key: bytes | None,
    latest_ms: int,
    types: frozenset[str],
    flags: Flags,
    *,
    keyed: bool,
) -> Accepted | Ignored:
    """The accepted event, or why it is ignored; raises `Refusal`."""
    if event.get("specversion") is None:
        raise missing("specversion")
    check_versions(event["specversion"], event.get("dataschema"))
    event_type = _event_type(event)
    if event_type not in types:
        return Ignored(UNKNOWN_TYPE)
    if keyed:
        _check_key(event.get("subject"), key)
    for name in _REQUIRED:
        if event.get(name) is None:
            raise missing(name)
    data = PAYLOADS[event_type].read(_payload(event, event_type), flags)
    ticket = ID.read(event["subject"], flags)
    event_id = ID.read(event["id"], flags)
    source = NAMED.read(event["source"], flags)
    sequence = read_sequence(event.get("sequence"))
    check(event_type, ticket, data)
    at_ms = read_time(event["time"], latest_ms)
    read = Event(at_ms, sequence, source, event_id, event_type, data)
    return accepted(ticket, read, event["time"], flags)


def _event_type(event: Mapping[str, Any]) -> str:
    event_type = event.get("type")
    if event_type is None:
        raise missing("type")
    if type(event_type) is not str:
        raise Refusal(Reason.TYPE)
    return event_type


def _payload(event: Mapping[str, Any], event_type: str) -> Any:
    data = event.get("data")
    if data is None and event_type not in WITHOUT_DATA:
        raise missing("data")
    return {} if data is None else data


def _check_key(subject: Any, key: bytes | None) -> None:
    """The state of a subject lives on the partition of its key, so both must agree."""
    if key is None:
        raise Refusal(Reason.KEY)
    if type(subject) in {str, int} and str(subject).encode() != key:
        raise Refusal(Reason.KEY_MISMATCH)
