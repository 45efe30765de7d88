"""The bridge to prometheus_client: at a scrape, the latest picture becomes metric families.

The event loop only ever puts a new picture into `snapshot`, one assignment; everything else
happens in the thread that scrapes. Samples carry no timestamps, so a series that is not in a
scrape any more (its partition went to another worker) ends at once.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)

from streams.config.model import Config
from streams.core.windows import EDGES
from streams.kafka.partitions import DELAYS
from streams.metrics.catalogue import CATALOGUE, PREFIX, Kind, Metric, is_shown
from streams.metrics.snapshot import Snapshot
from streams.metrics.table import Histogram, Labels, Tables
from streams.metrics.tables import Tabulator

DURATION: Final = "collect_duration_seconds"


class Collector:
    """Exports the latest picture, exactly the metrics of the catalogue."""

    def __init__(self, config: Config, at_ms: int = 0) -> None:
        """Of a configuration that was read at this instant."""
        self.snapshot = Snapshot()
        """The latest picture; replaced as a whole, from the event loop."""
        self._metrics = [metric for metric in CATALOGUE if is_shown(metric, config)]
        self._tabulator = Tabulator(config, at_ms)
        self._one_at_a_time = threading.Lock()

    def promise(self, config: Config, at_ms: int) -> None:
        """Other policies from the next scrape on."""
        with self._one_at_a_time:
            self._tabulator.promise(config, at_ms)

    def refused(self) -> None:
        """A configuration could not be read."""
        with self._one_at_a_time:
            self._tabulator.refused()

    def describe(self) -> Iterator[Family]:
        """Every metric without values, so that a registry knows the names."""
        return (_family(metric, Tables({}, {})) for metric in self._metrics)

    def collect(self) -> Iterator[Family]:
        """Every metric with its values of now."""
        started = time.perf_counter()
        with self._one_at_a_time:
            tables = self._tabulator.tabulate(self.snapshot)
        for metric in self._metrics:
            if metric.name == DURATION:
                # The last one: whoever writes the families out has written all others by now.
                tables.values[DURATION] = {(): time.perf_counter() - started}
            yield _family(metric, tables)


def _family(metric: Metric, tables: Tables) -> Family:
    if metric.edges:
        return _distributions(metric, tables.histograms.get(metric.name, {}))
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(PREFIX + metric.name, metric.help, labels=metric.labels)
    for labels, value in tables.values.get(metric.name, {}).items():
        family.add_metric(labels, value)
    return family


def _distributions(metric: Metric, table: Mapping[Labels, Histogram]) -> Family:
    """A bucket counts all that are at most as long, so any choice of the edges is right."""
    kind = HistogramMetricFamily if metric.kind is Kind.HISTOGRAM else GaugeHistogramMetricFamily
    family = kind(PREFIX + metric.name, metric.help, labels=metric.labels)
    edges = DELAYS if metric.edges is DELAYS else EDGES
    chosen = [(str(edge / 1000), edges.index(edge)) for edge in metric.edges]
    for labels, one in table.items():
        buckets = [(bound, one.upto[index]) for bound, index in chosen]
        family.add_metric(labels, [*buckets, ("+Inf", one.upto[-1])], one.sum_ms / 1000)
    return family
