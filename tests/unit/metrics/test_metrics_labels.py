"""Label values: clean, within their budget, and the same for the life of the process."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import Config, estimate_series
from streams.config.model import Label, Labels
from streams.core.events import OTHER
from streams.errors import UserError
from streams.metrics.catalogue import CLOSED, families
from streams.metrics.labels import MAX_LENGTH, Names, clean, queue_limit


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("Zahlung & SEPA", "Zahlung & SEPA"),
        ("поддержка", "поддержка"),
        ("", ""),
        ("pay\nments", "pay ments"),
        ("pay\r\n\tments", "pay ments"),
        ("pay\u2028ments", "pay ments"),
        ("pay\x00\x1b[31mments", "pay[31mments"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("half\ud800", "half"),
        # Not "", which is a ticket without a queue.
        ("\u202e\n", OTHER),
        ("x" * 1000, "x" * MAX_LENGTH),
    ],
)
def test_a_label_holds_no_character_that_could_mislead_a_reader(value: str, label: str) -> None:
    assert clean(value) == label


@given(st.text(alphabet=st.characters(), max_size=100))
def test_a_label_is_one_short_printable_line_that_utf_8_can_hold(value: str) -> None:
    label = clean(value)
    assert label.isprintable()
    assert len(label) <= MAX_LENGTH
    assert clean(label) == label
    assert bool(label) == bool(value)
    label.encode()


def test_the_largest_new_values_get_the_names_that_are_left() -> None:
    names = Names(2)
    names.admit({"c": 1, "b": 3, "a": 1})
    assert [names.of(value) for value in "abc"] == ["a", "b", OTHER]


def test_no_value_ever_changes_its_name() -> None:
    names = Names(1)
    names.admit({"first": 1})
    names.admit({"huge": 1_000_000})
    assert names.of("first") == "first"
    assert names.of("huge") == OTHER


def test_no_value_and_other_itself_need_no_name() -> None:
    names = Names(1)
    assert (names.of(""), names.of(OTHER), names.of("a")) == ("", OTHER, "a")


def test_values_that_look_alike_share_a_name() -> None:
    names = Names(1)
    assert {names.of("pay"), names.of("pay\u200b")} == {"pay"}


@given(st.lists(st.dictionaries(st.text(max_size=2), st.integers(0, 9)), max_size=6))
def test_names_stay_within_the_limit_and_are_given_for_good(
    snapshots: list[dict[str, int]],
) -> None:
    names = Names(3)
    given_before: dict[str, str] = {}
    for volumes in snapshots:
        names.admit(volumes)
        now = {value: names.of(value) for value in (*given_before, *volumes)}
        assert {value: now[value] for value in given_before} == given_before
        given_before = now
        assert len(set(names.shown) - {"", OTHER}) <= 3


def test_with_the_defaults_ten_queues_keep_their_name() -> None:
    assert queue_limit(Config()) == 10


def test_fewer_queues_keep_their_name_rather_than_more_series() -> None:
    config = replace(Config(), max_series=1_500)
    queues = queue_limit(config)
    assert 0 < queues < 10
    assert series(config, queues) <= 1_500 < series(config, queues + 1)


def series(config: Config, queues: int) -> int:
    labels = replace(config.labels, queue=Label(queues))
    return estimate_series(replace(config, labels=labels), families(config), CLOSED)


def test_a_limit_that_no_labels_can_keep_is_refused_with_what_to_do() -> None:
    config = replace(Config(), max_series=100, labels=Labels(queue=Label(0)))
    with pytest.raises(UserError, match=r"max_series: 100 is less than the \d+ series .* raise it"):
        queue_limit(config)
