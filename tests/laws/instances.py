"""Instances of SLA clocks made comparable: those of the engine, and of the reference model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from streams.core import promises
from streams.core.clocks import CANCELLED, WARNED, Clock
from streams.core.processor import Processor
from streams.core.ticket import Ticket
from tests.laws.driving import CloudEvent, Rules
from tests.laws.recount import tickets
from tests.reference import clocks
from tests.reference.policies import Policies

PARTS = ("queue", "assignee", "status")
Spent = tuple[tuple[str, str, int], ...]
"""(part, value, milliseconds), sorted; without zeros."""


class Instance(NamedTuple):
    """What both say of one instance. Of a cancelled one, what was used is nobody's business."""

    ticket: str
    clock: str
    event: tuple[str, str]
    policy: str
    start: int
    stop: int | None
    state: str
    deadline: int | None = None
    elapsed: int = 0
    spent: Spent = ()
    warned: tuple[str, ...] = ()


def of_engine(processor: Processor, as_of: int | None = None) -> list[Instance]:
    """Every instance of the tickets kept; by default right after each ticket's last event."""
    return sorted(
        _of_engine(name, clock, record.ticket, record.ticket.last_at if as_of is None else as_of)
        for name, record in processor.wake().items()
        for clock in promises.instances(record.ticket)
    )


def of_reference(
    arrived: Iterable[CloudEvent], rules: Rules, as_of: int | None = None
) -> list[Instance]:
    """The same by the reference model, of the newest ticket of each subject."""
    assert rules.sla is not None
    policies, settings = Policies.of(rules.sla), rules.reference
    return sorted(
        _of_reference(steps[0].event.subject, instance)
        for steps in tickets(arrived, settings)
        for instance in clocks.instances(
            steps, policies, settings, steps[-1].time_ms if as_of is None else as_of
        )
    )


def _of_engine(name: str, clock: Clock, ticket: Ticket, as_of: int) -> Instance:
    spent = promises.spent(clock, ticket, as_of)
    stop = clock.stop if clock.stopped else None
    head = (name, clock.kind, (clock.source, clock.id), clock.policy, clock.start, stop)
    if clock.state(as_of) == CANCELLED:
        return Instance(*head, CANCELLED)
    logged = [entry.level for entry in clock.log if entry.transition == WARNED]
    ahead = [mark.level for mark in clock.passed_by(as_of) if mark.level]
    return Instance(
        *head,
        clock.state(as_of),
        clock.deadline if clock.deadline >= 0 else None,
        promises.total(spent),
        tuple(sorted((part, value, ms) for (part, value), ms in spent.items() if ms)),
        tuple(sorted(logged + ahead)),
    )


def _of_reference(name: str, one: clocks.Instance) -> Instance:
    head = (name, one.clock, one.event, one.policy, one.start_ms, one.stop_ms)
    if one.state == CANCELLED:
        return Instance(*head, CANCELLED)
    spent = _by_part(one.spent_ms)
    return Instance(
        *head, one.state, one.deadline_ms, one.elapsed_ms, spent, tuple(sorted(one.warned))
    )


def _by_part(spent: Mapping[clocks.Share, int]) -> Spent:
    sums: Counter[tuple[str, str]] = Counter()
    for share, ms in spent.items():
        for part, value in zip(PARTS, share, strict=True):
            sums[part, value] += ms
    return tuple(sorted((part, value, ms) for (part, value), ms in sums.items() if ms))


def budget(found: Iterable[Instance]) -> Counter[Any]:
    """Seconds by (policy, clock, part, value), over all instances."""
    sums: Counter[Any] = Counter()
    for one in found:
        for part, value, ms in one.spent:
            sums[one.policy, one.clock, part, value] += ms
    return Counter({key: ms / 1000 for key, ms in sums.items()})
