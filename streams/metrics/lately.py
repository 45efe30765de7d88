"""The figures of agents and customers in a running worker.

They are counted on the event loop, beside everything else, for `BUDGET_S` at a time: after a
restart it takes a while until all have been counted. Until then there are no figures.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.config.model import Config
from streams.config.values import duration_text
from streams.core.entities import Entities
from streams.core.lately import (
    Figures,
    Lately,
    Shown,
    ShownAgents,
    ShownCustomers,
    ShownRequesters,
)
from streams.kafka.partitions import PartitionsOf
from streams.metrics.numbers import HIGHEST
from streams.wire import packing

BUDGET_S: Final = 0.01
AT_ONCE: Final = 10
"""Entities counted between two looks at the clock."""
MIN_STAFF: Final = ("cover_min_staff",)


def shown_of(config: Config) -> Mapping[str, Shown]:
    """What is shown, by name of the processor."""
    settings = config.engine
    found: dict[str, Shown] = {}
    if config.metrics.agents:
        chosen = set(config.metrics.kpi_windows) & set(config.windows)
        spans = tuple((duration_text(span), span) for span in sorted(chosen))
        found["agents"] = ShownAgents(config.agents, settings, packing, spans)
    if config.metrics.customers:
        found["customers"] = ShownCustomers(config.customers, settings, packing)
        found["requesters"] = ShownRequesters(config.requesters, settings, packing)
    return found


class Others:
    """All partitions of a worker besides those of tickets."""

    def __init__(self, config: Config) -> None:
        self._shown = shown_of(config)
        self._min_staff = config.min_staff
        self._feeds: Mapping[str, PartitionsOf[Entities]] = {}
        self._known: dict[tuple[str, int], tuple[Entities, Lately]] = {}
        self._turn = 0

    def follow(self, feeds: Mapping[str, PartitionsOf[Any]]) -> None:
        """Look at these, by name of the processor, from now on."""
        self._feeds = {name: feed for name, feed in feeds.items() if name in self._shown}

    def count(self) -> bool:
        """Count on for a while; true when there is more to do."""
        parts = dict(self._parts())
        self._known = {key: known for key, known in self._known.items() if key in parts}
        return self._count(list(parts.values()))

    def figures(self) -> Figures | None:
        """Those of the processors of which all is counted; `None` where there are none."""
        parts = dict(self._parts())
        total: Figures = Counter()
        for name, feed in self._feeds.items():
            own = [parts.get((name, partition)) for partition in feed.owned]
            if own and all(one is not None and _known(*one) for one in own):
                for one in own:
                    if one is not None and one[1].whole:
                        _add(total, one[1].figures(one[0].clock))
                if name == "agents":
                    total[MIN_STAFF] = self._min_staff
        return total or None

    def _parts(self) -> Iterator[tuple[tuple[str, int], tuple[Entities, Lately]]]:
        for name, feed in self._feeds.items():
            for partition, owned in feed.owned.items():
                key, entities = (name, partition), owned.processor
                if not owned.ready:
                    continue
                known = self._known.get(key)
                if known is None or known[0] is not entities:
                    known = self._known[key] = entities, Lately(entities, self._shown[name])
                yield key, known

    def _count(self, parts: list[tuple[Entities, Lately]]) -> bool:
        """In turns, so that none waits for ever behind one that has much to do."""
        ends = time.perf_counter() + BUDGET_S
        self._turn += 1
        turn = self._turn % len(parts) if parts else 0
        for entities, lately in (*parts[turn:], *parts[:turn]):
            while entities.clock >= 0 and lately.refresh(entities.clock, AT_ONCE):
                if time.perf_counter() >= ends:
                    return True
        return False


def _known(entities: Entities, lately: Lately) -> bool:
    """Whether all of a partition is counted; where nothing ever came, there is no now either."""
    return lately.whole or (entities.clock < 0 and not entities.records)


def _add(total: Figures, figures: Figures) -> None:
    for key, number in figures.items():
        highest = key[0] in HIGHEST and key in total
        total[key] = max(total[key], number) if highest else total[key] + number
