"""What is pressed comes out as it went in; a record comes to a fraction."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.processor import Processor
from streams.core.settings import Settings
from streams.simulate import bulk
from streams.wire import packing
from streams.wire.pressing import dictionary, the_press
from tests.bench.engine import fold


@given(st.binary())
def test_what_was_pressed_is_opened(raw: bytes) -> None:
    assert the_press().open(the_press().press(raw)) == raw


def test_a_record_of_six_events_comes_to_less_than_a_third() -> None:
    processor = Processor(Settings(), packing)
    fold(processor, list(bulk(100, 6, seed=1, leave_open=True)), 0)
    kept = [raw for key, raw in processor.cut().writes if not key.startswith(b"\xff") and raw]
    assert len(kept) == 100
    pressed = sum(len(the_press().press(raw)) for raw in kept)
    assert pressed * 3 < sum(map(len, kept))


def test_every_process_has_the_same_dictionary() -> None:
    assert dictionary() == dictionary()
