"""The tables of the SLA clocks.

Policies and clocks are known from the configuration, so what has no instance shows a zero.
Queues are not: a policy's clock shows those in which it had an instance once, with all their
states and transitions, so that a counter is there at zero before it counts its first.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, product

from streams.core.policies import Policies
from streams.core.watch import OPEN, OUTCOMES, PRESSING
from streams.metrics.catalogue import TRANSITIONS, WITHIN
from streams.metrics.snapshot import Promises, Snapshot
from streams.metrics.table import Histogram, Labels, Naming, Tables


class Promised:
    """Makes the tables of one picture after the other; what was shown once stays."""

    def __init__(self, policies: Policies, former: "Promised | None" = None) -> None:
        """`former` made the tables under other policies."""
        self._policies = policies
        self._objectives: dict[Labels, float] = {
            # Of several versions the first that is listed: it governs what starts now.
            (policy.name, clock): policy.objective
            for policy in reversed(policies.policies)
            for clock in policy.targets
            if policy.objective is not None
        }
        self._cells: set[Labels] = set() if former is None else former.cells(policies)
        """The (policy, clock, queue) in which there was an instance once."""

    def cells(self, policies: Policies) -> set[Labels]:
        """Those that are still promised under these policies."""
        return {cell for cell in self._cells if cell[:2] in policies.pairs}

    def tabulate(self, snapshot: Snapshot, queue: Naming, tables: Tables) -> None:
        """Add the values of one picture; without policies there are none."""
        if not self._policies:
            return
        self._since_start(snapshot, queue, tables)
        if snapshot.promises:
            self._now(snapshot.promises, queue, tables)
            self._windows(snapshot.promises, tables)

    def _now(self, promises: Iterable[Promises], queue: Naming, tables: Tables) -> None:
        clocks: Counter[Labels] = Counter()
        urgent: Counter[Labels] = Counter()
        due = Counter(dict.fromkeys(product(self._policies.pairs, WITHIN), 0))
        for one in promises:
            for (policy, clock, name, state), count in one.open.items():
                clocks[policy, clock, queue(name), state] += count
            for (clock, name, state), count in one.urgent.items():
                urgent[clock, queue(name), state] += count
            for pair, counts in one.due.items():
                for within, count in zip(WITHIN, counts, strict=True):
                    due[pair, within] += count
        self._cells |= {key[:3] for key in clocks}
        tables.values["sla_clocks"] = {
            (*cell, state): clocks[(*cell, state)] for cell in self._cells for state in OPEN
        }
        places = {cell[1:] for cell in self._cells}
        tables.values["sla_urgent_clocks"] = {
            (*place, state): urgent[(*place, state)] for place in places for state in PRESSING
        }
        tables.values["sla_due"] = {(*pair, within): n for (pair, within), n in due.items()}
        tables.values["sla_objective_ratio"] = dict(self._objectives)

    def _windows(self, promises: Iterable[Promises], tables: Tables) -> None:
        counts: Counter[Labels] = Counter()
        axes: dict[tuple[str, str], None] = {}
        for one in promises:
            for axis, totals in one.windows.items():
                axes[axis] = None
                for (policy, clock, outcome), count in totals.items():
                    counts[policy, clock, axis[0], outcome, axis[1]] += count
        tables.values["sla_window"] = {
            key: counts[key]
            for policy, clock in self._policies.pairs
            for window, time in axes
            for outcome in OUTCOMES
            for key in [(policy, clock, window, outcome, time)]
        }

    def _since_start(self, snapshot: Snapshot, queue: Naming, tables: Tables) -> None:
        told: Counter[Labels] = Counter()
        for (policy, clock, name, transition), count in snapshot.transitions.items():
            told[policy, clock, queue(name), transition] += count
        queues: Counter[Labels] = Counter()
        statuses: Counter[Labels] = Counter()
        for (policy, clock, part, value), spent_ms in snapshot.spent.items():
            if part == "queue":
                queues[policy, clock, queue(value)] += spent_ms
            elif part == "status":
                statuses[policy, clock, value] += spent_ms
        self._cells |= {key[:3] for key in told} | set(queues)
        shown = {(*cell, transition) for cell in self._cells for transition in TRANSITIONS}
        tables.values["sla_transitions"] = {key: told[key] for key in shown | told.keys()}
        tables.values["sla_spent_seconds"] = {key: queues[key] / 1000 for key in self._cells}
        tables.values["sla_spent_by_status_seconds"] = {
            key: spent_ms / 1000 for key, spent_ms in statuses.items()
        }
        tables.histograms["breach_detection_delay_seconds"] = {
            (): Histogram(tuple(accumulate(snapshot.delays)), snapshot.delay_ms)
        }
