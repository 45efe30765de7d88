"""How the panels ask: over all workers, and only for what is chosen in the variables.

Workers share the tickets: each exports the KPIs of its own partitions, so what a queue
has is the *sum* over the workers, its oldest message the *minimum*, its percentiles those
of the *summed* buckets. Trust metrics carry a partition; there the worse value counts,
since after a rebalance the old owner's stays visible until its next scrape.
"""

QUEUE = 'queue=~"$queue"'
WINDOW = 'window="$window"'


def metric(name: str, *labels: str) -> str:
    """A metric of the chosen workers."""
    chosen = ('job=~"$job"', 'instance=~"$instance"', *labels)
    return f"deskpulse_{name}{{{', '.join(chosen)}}}"


def recorded(name: str, *labels: str) -> str:
    """What a rule has recorded of all workers together."""
    chosen = ('job=~"$job"', *labels)
    return f"max({name}{{{', '.join(chosen)}}})"


def kpi(name: str, *labels: str) -> str:
    """A KPI of the chosen workers and queues."""
    return metric(name, QUEUE, *labels)


def window(name: str) -> str:
    """An exact event-time window, as long as the variable `window` says."""
    return kpi(f"window_{name}", WINDOW)


def sla(name: str, *labels: str) -> str:
    """A metric of the chosen policies and clocks; `name` without `sla_`."""
    return metric(f"sla_{name}", 'policy=~"$policy"', 'clock=~"$clock"', *labels)


def per_queue(selector: str, fold: str = "sum") -> str:
    """What each queue has in all of the chosen workers."""
    return f"{fold} by (queue) ({selector})"


def per_promise(selector: str, fold: str = "sum") -> str:
    """What each clock of each policy has in all of the chosen workers."""
    return f"{fold} by (policy, clock) ({selector})"


def by_queue(expression: str) -> dict[str, str]:
    """One line per queue; Prometheus drops an empty label, so name the tickets without one."""
    return {"{{queue}}": f'label_replace({expression}, "queue", "(no queue)", "queue", "")'}


def by_promise(expression: str) -> dict[str, str]:
    """One line per policy and clock."""
    return {"{{policy}} {{clock}}": expression}


def increase(selector: str) -> str:
    """How much a counter grew in the window, also where a worker began anew."""
    return f"increase({selector}[$window])"


def percentiles(buckets: str, *percents: int) -> dict[str, str]:
    """Percentiles of what the workers counted in the window."""
    rates = f"sum by (le) (rate({buckets}[$window]))"
    return {f"p{p}": f"histogram_quantile({p / 100:g}, {rates})" for p in percents}


def age(instant: str) -> str:
    """Seconds since an instant."""
    return f"time() - {instant}"
