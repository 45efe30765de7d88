"""The catalogue: complete, well named, and within the limit."""

import re
from dataclasses import replace

from streams.config import Config, estimate_series
from streams.core.windows import EDGES
from streams.kafka.partitions import DELAYS
from streams.metrics.catalogue import CATALOGUE, CLOSED, Kind, families
from streams.metrics.labels import queue_limit

EXPORTED = {metric.exported for metric in CATALOGUE}


def test_every_metric_has_its_own_name_and_one_sentence() -> None:
    assert len(EXPORTED) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.name)
        assert metric.help.endswith("."), metric.name
        assert ". " not in metric.help, metric.name


def test_a_metric_in_seconds_says_so() -> None:
    for metric in CATALOGUE:
        assert ("second" in metric.help) == metric.name.endswith("_seconds"), metric.name


def test_ticket_ids_are_never_labels() -> None:
    labels = {label for metric in CATALOGUE for label in metric.labels}
    budgeted = {"queue", "channel", "segment", "source", "window", "criterion"}
    configured = {"policy", "clock", "scorecard", "goal", "guard", "text", "week"}
    listed = {label for metric in CATALOGUE for label in metric.values}
    assert labels == budgeted | configured | listed | set(CLOSED)


def test_buckets_are_edges_the_engine_counts_by() -> None:
    for metric in CATALOGUE:
        assert set(metric.edges) <= set(EDGES) or metric.edges is DELAYS
        assert list(metric.edges) == sorted(set(metric.edges))
        assert bool(metric.edges) == (metric.kind in (Kind.HISTOGRAM, Kind.GAUGE_HISTOGRAM))


def test_the_defaults_fit_with_room_and_every_queue_keeps_its_name() -> None:
    """A shipped scorecard, or agents of a queue or two, need no other configuration."""
    config = Config()
    assert queue_limit(config) == config.labels.queue.max
    assert estimate_series(config, families(config), CLOSED) <= config.max_series - 10


def test_distributions_in_windows_count_only_for_windows_that_are_configured() -> None:
    def names(*windows: int) -> list[str]:
        config = replace(Config(), windows=windows)
        found = [family.metric for family in families(config)]
        return [name for name in found if name == "deskpulse_window_resolution_seconds"]

    hour = 3_600_000
    assert len(names(hour, 24 * hour)) == 2
    assert len(names(2 * hour, 24 * hour)) == 1
    assert names(2 * hour) == []
