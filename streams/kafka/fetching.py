"""Fetched records as they were parsed: what aiokafka makes of each costs more than to parse it.

And a record that aiokafka refuses to parse, because the name of a header is not UTF-8: it would
stop whoever reads the topic, again and again. Its batch is parsed here instead, and the name comes
with what Python lets stand for such bytes (`surrogateescape`).
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

_LENGTH_AT: Final = 8
_BEFORE_BATCH: Final = 12
"""Where a batch says how long it is, and how many bytes that does not count."""


class Parsed(NamedTuple):
    """A record as it stands in a batch."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def keep_as_parsed(fetcher: Any) -> None:
    """Have what an aiokafka fetcher holds be handed out without a copy of each record.

    A record as it was parsed has offset, timestamp, key, value and headers.
    """
    for result in fetcher._records.values():  # noqa: SLF001 - aiokafka has no setting for it
        records = getattr(result, "_partition_records", None)
        if records is not None and not isinstance(records, _AsParsed):
            result._partition_records = _AsParsed(records)  # noqa: SLF001 - as above


def keep_all_as_parsed(consumer: Any) -> None:
    """The same for whatever a consumer will fetch from now on."""
    fetcher = consumer._fetcher  # noqa: SLF001 - as above
    ask = fetcher._proc_fetch_request  # noqa: SLF001 - as above

    async def ask_and_keep(assignment: Any, node_id: int, request: Any) -> Any:
        answered = await ask(assignment, node_id, request)
        keep_as_parsed(fetcher)
        return answered

    fetcher._proc_fetch_request = ask_and_keep  # noqa: SLF001 - as above


class _Batches:
    """aiokafka's `MemoryRecords`, which still knows the bytes of the batch it gave out last."""

    def __init__(self, fetched: bytes) -> None:
        self._records = MemoryRecords(fetched)
        self._fetched = fetched
        self._begin = self._end = 0
        self.size_in_bytes = self._records.size_in_bytes
        self.has_next = self._records.has_next

    def next_batch(self) -> Any:
        at = self._begin = self._end
        length = self._fetched[at + _LENGTH_AT : at + _BEFORE_BATCH]
        self._end = at + _BEFORE_BATCH + int.from_bytes(length, "big", signed=True)
        return self._records.next_batch()

    @property
    def bytes(self) -> bytes:
        return self._fetched[self._begin : self._end]


# aiokafka keeps nothing of what it could not parse.
aiokafka_fetcher.MemoryRecords = _Batches


class _AsParsed:
    """aiokafka's `PartitionRecords`: the records of one answer that no reader has had yet.

    Nothing in here may lead back to itself: such a cycle of a few objects holds an answer of a
    megabyte, and so few objects do not bring the garbage collector about for hours.
    """

    def __init__(self, records: Any) -> None:
        records._consumer_record = _unchanged  # noqa: SLF001 - as above
        # Its own reader, which leads back to it until it has read everything: here it never does.
        records._records_iterator = None  # noqa: SLF001 - as above
        self._records = records
        self._left = _all(records)

    @property
    def next_fetch_offset(self) -> int:
        offset: int = self._records.next_fetch_offset
        return offset

    def __iter__(self) -> Iterator[Any]:
        return self._left

    def __next__(self) -> Any:
        return next(self._left)


def _all(records: Any) -> Iterator[Any]:
    while True:
        try:
            yield from records._unpack_records()  # noqa: SLF001 - as above
        except UnicodeDecodeError:
            yield from _rest_of_batch(records)
        else:
            return


def _rest_of_batch(records: Any) -> Iterator[Parsed]:
    parsed = _DefaultRecordBatchPy(records._records.bytes)  # noqa: SLF001 - as above
    for record in _parse(parsed):
        if record.offset >= records.next_fetch_offset:
            records.next_fetch_offset = record.offset + 1
            yield record
    records.next_fetch_offset = parsed.next_offset


def _unchanged(_: Any, record: Any) -> Any:
    return record


def _parse(batch: Any) -> Iterator[Parsed]:
    """The records of a batch; as aiokafka's own parser in Python, but for the names of headers."""
    batch._maybe_uncompress()  # noqa: SLF001 - as above
    reader = _Reader(batch._buffer, batch._pos)  # noqa: SLF001 - as above
    for _ in range(batch._num_records):  # noqa: SLF001 - as above
        # Of no interest: its length, and attributes that nobody uses.
        reader.number(), reader.number()
        since, offset = reader.number(), batch.base_offset + reader.number()
        appended = batch.timestamp_type == batch.LOG_APPEND_TIME
        timestamp = batch.max_timestamp if appended else batch.first_timestamp + since
        key, value = reader.content(), reader.content()
        headers = [(reader.name(), reader.content()) for _ in range(reader.number())]
        yield Parsed(offset, timestamp, batch.timestamp_type, key, value, headers)


class _Reader:
    """Takes a batch apart, from the left to the right."""

    def __init__(self, buffer: bytearray, at: int) -> None:
        self._buffer, self._at = buffer, at

    def number(self) -> int:
        found, self._at = decode_varint(self._buffer, self._at)
        return int(found)

    def content(self) -> bytes | None:
        length = self.number()
        if length < 0:
            return None
        begin, self._at = self._at, self._at + length
        return bytes(self._buffer[begin : self._at])

    def name(self) -> str:
        return (self.content() or b"").decode(errors="surrogateescape")
