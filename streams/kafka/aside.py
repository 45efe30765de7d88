"""What is not applied goes aside: a record for the dead letters or the late events, and words.

The words are for whoever runs the worker: about a fault of ours, and about a partition that
refuses too much to go on.
"""

from collections.abc import Sequence
from typing import Protocol

from streams import VERSION
from streams.config.model import Topics
from streams.core.processor import Outcome, Verdict
from streams.core.refusals import Excess
from streams.errors import UserError
from streams.kafka.journal import Output
from streams.wire.deadletters import LATE, Origin, letter


class SourceRecord(Protocol):
    """What is read of a consumed Kafka record."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Kafka's own time of it, epoch milliseconds."""

    @property
    def key(self) -> bytes | None:
        """The ticket, if the source did as it should."""

    @property
    def value(self) -> bytes | None:
        """The event; `None` is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """In order; a name may stand twice."""


class ExcessError(UserError):
    """A partition refuses too much to go on; nothing that was read is lost."""


def set_aside(
    topics: Topics,
    record: SourceRecord,
    verdict: Verdict,
    origin: Origin,
    *,
    seen_ms: int,
    fault: str,
) -> Output:
    """The record that keeps one that is late or refused, for the topic that is for it."""
    late = verdict.outcome is Outcome.LATE
    written = letter(
        record.key,
        record.value,
        record.headers,
        reason=LATE if late else verdict.reason,
        origin=origin,
        seen_ms=seen_ms,
        engine=VERSION,
        fault=fault,
    )
    topic = topics.late if late else topics.dead_letters
    return Output(topic, written.key, written.value, tuple(written.headers))


def fault_told(fault: str, partition: int, offset: int) -> str:
    """What the log says of an event on which the program failed."""
    return (
        f"a fault of ours, please report it: {fault}. Offset {offset} of partition {partition}, "
        "and whatever else meets it, goes to the dead letters with the reason handler"
    )


def excess_told(topics: Topics, source: str, partition: int, excess: Excess) -> str:
    """What the worker says when it stops because of what it refuses."""
    if excess.in_a_row:
        key, refused = "max_run", f"{excess.run:,} records in a row"
    else:
        key, refused = "max_ratio", f"{excess.refused:,} of the last {excess.read:,} records"
    return (
        f"partition {partition} of {source}: {refused} were refused, and so would be offset "
        f"{excess.offset} ({excess.reason}). See `deskpulse dead-letters list`; mend what sends "
        f"them, or raise dead_letters.{key} to let the rest pass to {topics.dead_letters}; then "
        "start again"
    )
