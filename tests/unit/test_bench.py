"""The benchmarks check what they compute, and say what they measured."""

from collections.abc import Iterator

import pytest

from streams.simulate import bulk
from tests.bench import engine
from tests.bench.__main__ import Benchmark, run
from tests.bench.readings import Reading, figures


def test_the_engine_benchmark_folds_every_event_and_measures_it() -> None:
    messages = list(bulk(40, engine.PER_TICKET, seed=1))
    found = {(each.name, each.unit): each.value for each in engine.measure_bulk(messages)}
    assert set(found) == {
        ("engine.bulk", "events/s"),
        ("engine.bulk", "us CPU/event"),
        ("engine.bulk.cut", "us CPU/changelog record"),
    }
    assert all(value > 0 for value in found.values())


def test_a_benchmark_with_a_wrong_answer_is_told_and_gives_no_figures() -> None:
    def wrong(_: int) -> Iterator[Reading]:
        messages = list(bulk(40, engine.PER_TICKET, seed=1))
        yield from engine.measure_bulk([*messages, messages[0]])

    outcome = run([Benchmark("wrong", "a duplicate too many", wrong)], runs=1)
    assert outcome.figures == []
    assert "duplicate" in outcome.wrong["wrong"]


def test_a_figure_is_the_median_of_the_readings_of_one_name_and_unit() -> None:
    readings = [Reading("a", "s", 3), Reading("a", "ms", 1), Reading("a", "s", 1)]
    seconds, milliseconds = figures([*readings, Reading("a", "s", 2)])
    assert (seconds.median, seconds.values) == (2, (3, 1, 2))
    assert milliseconds.median == 1


@pytest.mark.parametrize(
    ("value", "shown"), [(1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12_345.6, "12,346")]
)
def test_a_row_names_its_figure_and_unit_and_rounds_to_what_means_something(
    value: float, shown: str
) -> None:
    (figure,) = figures([Reading("engine.bulk", "events/s", value)])
    assert figure.row().split() == ["engine.bulk", shown, "events/s", shown, "...", shown, "1"]
