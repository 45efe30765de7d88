r"""Records for `dead-letters` and `late-events`: the original, and headers that say why.

Key, value and headers stay byte for byte as they came, so that a record can be put back
on its topic after the fault is mended. There are two exceptions. A value over the size limit
would not fit a second time: its place takes its beginning, and a header its hash. And a name
of a header that is no UTF-8 cannot be sent by a Kafka client: its odd bytes become `\xff`.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple

from streams.wire.cloudevents import Headers
from streams.wire.reasons import MAX_VALUE_BYTES

PREFIX: Final = "deskpulse_"
"""Of every header this module adds; a source must not use it."""

LATE: Final = "late"
"""The reason header of a record in `late-events`."""

POINTER_BYTES: Final = 4096
"""How much is kept of a value that is too large to keep."""

_FIRST_SEEN: Final = f"{PREFIX}first_seen"
_DIGITS: Final = re.compile("[0-9]{1,15}")


class Origin(NamedTuple):
    """Where a record was read."""

    topic: str
    partition: int
    offset: int


class Letter(NamedTuple):
    """A record to be written to `dead-letters` or `late-events`."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def letter(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    *,
    reason: str,
    origin: Origin,
    seen_ms: int,
    engine: str,
    fault: str = "",
) -> Letter:
    """The record that keeps a refused or late one; `engine` is the version that judged it.

    `seen_ms` is the wall clock now. A record that was put back and failed again keeps
    the instant it was seen first. `fault` is where the engine itself failed on it.
    """
    earlier = details(headers).get("first_seen", "")
    added = {
        "reason": reason,
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "first_seen": earlier if _DIGITS.fullmatch(earlier) else str(seen_ms),
        "engine": engine,
    }
    if value is not None and len(value) > MAX_VALUE_BYTES:
        added |= {"size": str(len(value)), "sha256": sha256(value).hexdigest()}
        value = value[:POINTER_BYTES]
    if key is None and value is None:
        # A Kafka client does not send a record of two nulls.
        value = b""
        added["null"] = "value"
    if fault:
        added["fault"] = fault
    kept = [(_sendable(n), content) for n, content in headers if not n.startswith(PREFIX)]
    kept += [(PREFIX + name, text.encode()) for name, text in added.items()]
    return Letter(key, value, kept)


def _sendable(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def replay_headers(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The headers for putting a letter back: the original ones, and when it was first seen."""
    return [
        (name, content)
        for name, content in headers
        if not name.startswith(PREFIX) or name == _FIRST_SEEN
    ]


def details(headers: Headers) -> Mapping[str, str]:
    """What the headers of a letter say, without the prefix: `schemas/dead-letter.json`."""
    return {
        name.removeprefix(PREFIX): content.decode(errors="replace")
        for name, content in headers
        if name.startswith(PREFIX) and content is not None
    }
