"""The values that tell whether the others can be believed: what was read, and how far it is."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from streams import VERSION
from streams.core.events import OTHER
from streams.core.processor import Outcome
from streams.metrics.catalogue import MAX_PARTITIONS, OWN_FLAGS
from streams.metrics.memory import used_ratio
from streams.metrics.snapshot import Progress, Snapshot
from streams.wire.reasons import FLAGS, Reason

Table = Mapping[tuple[str, ...], float]
Groups = dict[tuple[str, ...], Sequence[Progress]]


def judged(snapshot: Snapshot) -> dict[str, Table]:
    """What became of the events read since the start.

    Every outcome, flag and reason is there from the start, so that its first one is seen as an
    increase; only a missing field, of which there are many, shows up once it was missing.
    """
    outcomes: Counter[str] = Counter(dict.fromkeys(Outcome, 0))
    reasons: Counter[str] = Counter(dict.fromkeys(Reason, 0))
    flags: Counter[str] = Counter(dict.fromkeys((*FLAGS, *OWN_FLAGS), 0))
    for (outcome, reason), count in snapshot.outcomes.items():
        if outcome == "flag":
            flags[reason] += count
            continue
        outcomes[outcome] += count
        if outcome == Outcome.REJECTED:
            reasons[reason] += count
    return {
        "events": _by_one_label(outcomes),
        "dead_letters": _by_one_label(reasons),
        "late_events": {(): outcomes[Outcome.LATE]},
        "events_flagged": _by_one_label(flags),
        "corrections": {(): snapshot.corrections},
    }


def _by_one_label(counts: Mapping[str, int]) -> Table:
    return {(str(value),): count for value, count in counts.items()}


def progressed(snapshot: Snapshot) -> dict[str, Table]:
    """How far each partition is, when something was made durable, and which version runs."""
    single, rest = snapshot.progress[:MAX_PARTITIONS], snapshot.progress[MAX_PARTITIONS:]
    groups: Groups = {(str(one.partition),): [one] for one in single}
    if rest:
        groups[OTHER,] = rest
    committed_at, used = snapshot.committed_at, used_ratio()
    return {
        "state_ready": {label: min(one.ready for one in group) for label, group in groups.items()},
        "watermark_timestamp_seconds": _worst(groups, min, lambda one: one.watermark, 1000),
        "consumer_lag_events": _worst(groups, sum, lambda one: one.lag_events, 1),
        "consumer_lag_seconds": _worst(groups, max, lambda one: one.lag_ms, 1000),
        "last_commit_timestamp_seconds": {} if committed_at is None else {(): committed_at / 1000},
        "event_loop_lag_seconds": {(): snapshot.held_up_s},
        "memory_used_ratio": {} if used is None else {(): used},
        "build_info": {(VERSION,): 1},
    }


def _worst(
    groups: Groups,
    worst: Callable[[Sequence[int]], int],
    value_of: Callable[[Progress], int | None],
    unit: int,
) -> Table:
    """One value per group of partitions; none where it is not known of any."""
    table = {}
    for label, group in groups.items():
        known = [value for one in group if (value := value_of(one)) is not None]
        if known:
            table[label] = worst(known) / unit
    return table
