"""Fetched records: as aiokafka parses them, and those it cannot parse too."""

import gc
import weakref
from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder, _DefaultRecordBatchBuilderPy
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.fetching import _AsParsed, _Batches

SOURCE = TopicPartition("ticket-events", 0)
GZIP, SNAPPY = 1, 2

Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]

CONTENT = st.none() | st.binary(max_size=200)
RECORDS = st.lists(
    st.tuples(CONTENT, CONTENT, st.lists(st.tuples(st.text(max_size=9), CONTENT), max_size=3)),
    min_size=1,
    max_size=5,
)


class NotText(str):
    """A header's name that is sent as bytes which are no UTF-8."""

    __slots__ = ()

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"tr\xffce"


ODD: Record = (b"T-1", b"odd", [("before", b"1"), (NotText("trace"), b"2"), ("none", None)])
READ = [("before", b"1"), ("tr\udcffce", b"2"), ("none", None)]


def batch(
    records: list[Record], first: int = 0, *, builder: Any = None, compression: int = 0
) -> bytes:
    """A record batch as a broker keeps it."""
    kind = builder or _DefaultRecordBatchBuilderPy
    made = kind(2, compression, 0, -1, -1, -1, 1 << 20)
    for offset, (key, value, headers) in enumerate(records):
        made.append(offset, 1_000 + offset, key=key, value=value, headers=headers)
    # A batch's first offset is given by the broker.
    return first.to_bytes(8, "big") + bytes(made.build())[8:]


def held(fetched: bytes, since: int = 0) -> _AsParsed:
    """What aiokafka holds of an answer to a fetch from `since` on."""
    records = _Batches(fetched)
    return _AsParsed(PartitionRecords(SOURCE, records, None, since, None, None, True, 0))


def seen(records: Any) -> list[tuple[Any, ...]]:
    return [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in records]


@given(RECORDS, st.sampled_from([0, GZIP]))
def test_a_batch_that_has_to_be_parsed_here_reads_as_from_aiokafka(
    records: list[Record], compression: int
) -> None:
    as_sent = batch(records, 7, builder=DefaultRecordBatchBuilder, compression=compression)
    expected = [(7 + n, 1_000 + n, *record) for n, record in enumerate(records)]
    assert seen(held(as_sent)) == expected
    beside_an_odd_one = seen(held(batch([*records, ODD], 7, compression=compression)))
    assert beside_an_odd_one[:-1] == expected
    assert beside_an_odd_one[-1][4] == READ


def test_batches_before_and_behind_it_are_not_touched() -> None:
    fine: Record = (b"T-2", b"fine", [("след", b"1")])
    found = held(batch([fine, fine]) + batch([fine, ODD, fine], 2) + batch([fine], 9))
    assert [(r.offset, r.value) for r in found] == [
        *((0, b"fine"), (1, b"fine")),
        *((2, b"fine"), (3, b"odd"), (4, b"fine")),
        (9, b"fine"),
    ]
    assert found.next_fetch_offset == 10


def test_what_was_read_before_is_not_read_again() -> None:
    fine: Record = (b"T-2", b"fine", [])
    fetched = batch([fine, ODD, fine, ODD])
    assert [r.offset for r in held(fetched, since=2)] == [2, 3]


def test_a_reader_may_pause_in_the_middle() -> None:
    found = held(batch([ODD, ODD, ODD]))
    for record in found:
        if record.offset == 1:
            break
    assert found.next_fetch_offset == 2
    assert next(found).offset == 2
    with pytest.raises(StopIteration):
        next(found)


@pytest.mark.parametrize("taken", [0, 1, 2, 9])
@pytest.mark.parametrize("odd", [False, True])
def test_an_answer_is_let_go_at_once_and_not_left_to_the_garbage_collector(
    taken: int, odd: bool
) -> None:
    """A worker that keeps up makes little garbage but these megabytes: it would grow for hours."""
    fine: Record = (b"T-2", b"fine", [])
    batches = _Batches(batch([fine, ODD if odd else fine]) + batch([fine], 2))
    held_by = weakref.ref(batches)
    found = _AsParsed(PartitionRecords(SOURCE, batches, None, 0, None, None, True, 0))
    gc.disable()
    try:
        for _ in zip(range(taken), found, strict=False):
            pass
        del batches, found
        assert held_by() is None
    finally:
        gc.enable()
