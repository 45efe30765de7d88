"""The upper bound of exported series."""

from dataclasses import replace

import pytest

from streams.config import Config, Family, estimate_series
from streams.config.model import Label, Labels

CLOSED = {"status": 5, "partition": 4}


@pytest.mark.parametrize(
    ("family", "series"),
    [
        (Family("commits"), 1),
        (Family("ready", ("partition",)), 4),
        # 10 queues, `other`, and tickets without a queue.
        (Family("unassigned", ("queue",)), 12),
        (Family("active", ("queue", "status")), 60),
        (Family("created", ("window",)), 4),
        # 3 buckets, a sum and a count.
        (Family("delay", (), 3), 5),
        (Family("response", ("queue",), 3), 60),
    ],
)
def test_a_family_costs_its_cells(family: Family, series: int) -> None:
    assert estimate_series(Config(), [family], CLOSED) == series


def test_families_add_up() -> None:
    families = [Family("a", ("queue",)), Family("b", ("partition",)), Family("b", ("partition",))]
    assert estimate_series(Config(), families, CLOSED) == 12 + 4 + 4


def test_a_smaller_budget_costs_less() -> None:
    config = replace(Config(), labels=Labels(queue=Label(max=0)), windows=(3_600_000,))
    families = [Family("a", ("queue", "window"))]
    assert estimate_series(config, families, {}) == 2


def test_a_label_without_a_number_of_values_is_named() -> None:
    with pytest.raises(ValueError, match="active: no number of values for agent, team"):
        estimate_series(Config(), [Family("active", ("queue", "agent", "team"))], CLOSED)
