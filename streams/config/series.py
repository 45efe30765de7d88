"""How many series a configuration can make one worker export, at most."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from math import prod
from typing import NamedTuple

from streams.config.model import Config


class Family(NamedTuple):
    """One exported metric, as far as the count of its series goes.

    A metric with fewer values of a label than usual (say, two of the windows) is given
    once for each of these values, without the label.
    """

    metric: str
    labels: tuple[str, ...] = ()
    buckets: int = 0
    """Of a histogram, `+Inf` included; 0 for a counter or a gauge."""
    times: int = 1
    """How often all of that, for combinations of labels that are not listed."""


def estimate_series(config: Config, families: Iterable[Family], closed: Mapping[str, int]) -> int:
    """An upper bound of the exported series.

    `closed` gives the number of values of each label that has no budget, such as status.
    A label with a budget has its `max` values, one more for `other`, and one for a ticket
    without a value. A histogram has its buckets, a sum and a count in every cell. Raises
    `ValueError` naming a metric whose label is neither budgeted nor in `closed`.
    """
    values = {**closed, "window": len(config.windows), **_budgets(config)}
    return sum(_series(family, values) for family in families)


def _budgets(config: Config) -> dict[str, int]:
    labels = config.labels
    return {each.name: getattr(labels, each.name).max + 2 for each in fields(labels)}


def _series(family: Family, values: Mapping[str, int]) -> int:
    unknown = [label for label in family.labels if label not in values]
    if unknown:
        raise ValueError(f"{family.metric}: no number of values for {', '.join(unknown)}")
    cells = prod(values[label] for label in family.labels)
    return family.times * cells * (family.buckets + 2 if family.buckets else 1)
