"""Why a message is refused, and what an accepted one is flagged with: two closed lists.

Both are labels of metrics and headers of dead letters, so nothing outside these lists
is ever used. The sentences are the documentation: the docs and the command line print
them from here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

MAX_VALUE_BYTES: Final = 1_000_000
"""A longer Kafka value is refused unread (inclusive: a value of this size is read)."""
MAX_KEPT_BYTES: Final = 100_000
"""An event whose known fields alone are longer is refused: a ticket's history, with many such
events, still has to fit into one changelog record."""
MAX_DEPTH: Final = 32
"""Levels of nested objects and lists in one value; the outermost is the first."""
MAX_ITEMS: Final = 256
"""Members of one list, and of one JSON object."""
MAX_TEXT: Final = 16_384
"""Characters of one string."""
MAX_ID: Final = 128
"""Characters of an event's `id` and of a ticket id; neither is empty."""


class Reason(StrEnum):
    """Why a message is refused; besides these there is `missing:<field>`."""

    JSON = "json"
    EMPTY = "empty"
    SHAPE = "shape"
    ENCODING = "encoding"
    NUMBER = "number"
    DEPTH = "depth"
    OVERSIZE = "oversize"
    TYPE = "type"
    VALUE = "value"
    TIMESTAMP = "timestamp"
    ANCIENT = "ancient"
    FUTURE = "future"
    VERSION = "version"
    KEY = "key"
    KEY_MISMATCH = "key_mismatch"
    SELF_MERGE = "self_merge"
    HANDLER = "handler"


class Flag(StrEnum):
    """What an accepted event is marked with where it was not quite as it should be."""

    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    UNKNOWN_ENUM = "unknown_enum"
    LEAP_SECOND = "leap_second"
    NORMALISED = "normalised"
    DUP_KEY = "dup_key"


REQUIRED_FIELDS: Final = (
    "specversion",
    "type",
    "subject",
    "id",
    "source",
    "time",
    "data",
    "author",
    "author.id",
    "author.role",
    "visibility",
    "agent",
    "seconds",
    "cost.amount",
    "cost.currency",
    "into",
    "reason",
    "amount",
    "currency",
    "reviewer",
    "form",
    "criteria",
    "criteria.score",
    "criteria.max",
    "survey",
    "kind",
    "score",
    "scale",
    "scale.min",
    "scale.max",
    "shift",
    "start",
    "end",
    "queue",
    "state",
    "activity",
    "channel",
    "resolved",
    "ticket",
    "band",
    "conflict",
)
"""Every field that can be missing: CloudEvents attributes, then those of `data` by path.

The payload's own `type` (of `ticket.cost`) shares the name of the CloudEvents attribute.
"""

REASONS: Final[Mapping[str, str]] = {
    Reason.JSON: "The value is not JSON.",
    Reason.EMPTY: "The value is empty or only white space, and is no tombstone.",
    Reason.SHAPE: "The value is JSON, but not an object.",
    Reason.ENCODING: (
        "The value, or the name of a header, is not clean UTF-8: other bytes, a byte order mark, "
        "half a pair."
    ),
    Reason.NUMBER: "A number cannot be held exactly: not finite, or too large.",
    Reason.DEPTH: f"Nested deeper than {MAX_DEPTH} levels, or an object of over {MAX_ITEMS} keys.",
    Reason.OVERSIZE: (
        f"The value is longer than {MAX_VALUE_BYTES} bytes, or its known fields than "
        f"{MAX_KEPT_BYTES}."
    ),
    Reason.TYPE: "A field holds another JSON type than its own.",
    Reason.VALUE: (
        "A field holds a value outside its bounds: too long, off its scale, or a time span that "
        "is empty or longer than a year."
    ),
    Reason.TIMESTAMP: "`time` (or `start`, `end`) is no RFC 3339 date-time with a zone.",
    Reason.ANCIENT: "`time` (or `start`) lies before 2000-01-01Z.",
    Reason.FUTURE: "`time` lies further ahead of the wall clock than `lateness.future_skew`.",
    Reason.VERSION: "`specversion` is not 1.0, or `dataschema` is not version 1.",
    Reason.KEY: "The Kafka record has no key that could be a ticket id.",
    Reason.KEY_MISMATCH: "The Kafka key is not the event's `subject`.",
    Reason.SELF_MERGE: "A ticket is merged into itself.",
    Reason.HANDLER: "The engine failed on this event; the fault is ours.",
    **{f"missing:{name}": f"`{name}` is required and absent or null." for name in REQUIRED_FIELDS},
}
"""Every reason a message can be refused with, and what it means in one sentence."""

FLAGS: Final[Mapping[str, str]] = {
    Flag.UNKNOWN_ATTRIBUTE: "A key of `data` means nothing here and was left out.",
    Flag.UNKNOWN_ENUM: "A value outside a closed list was read as `other`.",
    Flag.LEAP_SECOND: "Second 60 was read as the last millisecond of its minute.",
    Flag.NORMALISED: "An integer stood for a text and was read as its digits.",
    Flag.DUP_KEY: "A key stands twice in one JSON object; the last one counts.",
}
"""Every flag decoding can set, and what it means in one sentence."""


class Refusal(ValueError):  # noqa: N818 - a verdict on the message, not a fault of the program
    """Ends the reading of one message; never leaves `streams.wire`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        # A plain string: no enum member leaves this package, since JSON takes none as a key.
        self.reason = str(reason)


def missing(path: str) -> Refusal:
    """The refusal for an absent required field; `path` is one of `REQUIRED_FIELDS`."""
    return Refusal(f"missing:{path}")
