"""The state of every clock of a ticket, computed from all of its steps.

`runs` says when instances start and stop; here each one gets the terms of the policy in force,
and its budget is laid out over the stretches in which it ran.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.reference.policies import Policies, Terms
from tests.reference.runs import Run, runs_of
from tests.reference.settings import Settings
from tests.reference.ticket import Steps, creation

RUNS_IN = {"requester_wait": {"new", "open", "on_hold"}, "agent_work": {"new", "open"}}
DEFAULT_PAUSE = {"pausable_update": {"pending"}}

STATES = ("met", "breached_closed", "breached_open", "running", "paused", "at_risk", "cancelled")

Share = tuple[str, str, str]
"""Queue, assignee and status in which time was spent; `""` for none."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a clock at an instant; times are epoch milliseconds."""

    clock: str
    event: tuple[str, str]
    """Source and id of the event that started it."""
    policy: str
    start_ms: int
    stop_ms: int | None
    state: str
    """One of `STATES`."""
    deadline_ms: int | None
    """The first instant at which the target is used up; None while paused before it."""
    elapsed_ms: int
    """Working time in which it ran."""
    spent_ms: Mapping[Share, int]
    """The same, split; the parts sum to the whole."""
    warned: tuple[str, ...]
    """The warn levels that are past, as written in the policy."""


def instances(steps: Steps, policies: Policies, settings: Settings, as_of: int) -> list[Instance]:
    """All instances of a ticket that a policy has named, at `as_of` (no step is later).

    A ticket that is forgotten by then is taken at the instant at which it was dropped.
    """
    created = creation(steps)
    source = created.event.source if created else ""
    now_ms = min(as_of, steps[-1].time_ms + settings.forgotten_ms + 1)

    def terms(clock: str, place: int, start_ms: int) -> Terms | None:
        return policies.terms(clock, steps[place].after.attributes, source, start_ms)

    def on_reopen(place: int, start_ms: int) -> str:
        found = terms("resolution", place, start_ms)
        return found.on_reopen if found else "resume"

    found: list[Instance] = []
    for run in runs_of(steps, settings, on_reopen):
        start_ms = steps[run.origin].time_ms
        looked_up = [terms(run.clock, place, start_ms) for place in _unstopped(run, len(steps))]
        if any(looked_up):
            found.append(_instance(run, steps, looked_up, now_ms))
    return found


def rows(
    tickets: Iterable[Steps], policies: Policies, settings: Settings, as_of: int | None
) -> list[dict[str, Any]]:
    """One row per policy and clock it names: how many instances, and in which states."""
    found = Counter(
        (instance.policy, instance.clock, counted)
        for steps in tickets
        for instance in instances(steps, policies, settings, as_of or 0)
        for counted in ("started", instance.state)
    )
    return [
        {
            "policy": policy,
            "clock": clock,
            **{counted: found[policy, clock, counted] for counted in ("started", *STATES)},
        }
        for policy, clock in policies.named()
    ]


def _unstopped(run: Run, end: int) -> Iterator[int]:
    """The steps right after which a policy counts: from its beginning, each stop included."""
    for first, stop in run.stretches:
        yield from range(max(first, run.begin), end if stop is None else stop + 1)


def _instance(run: Run, steps: Steps, looked_up: list[Terms | None], now_ms: int) -> Instance:
    named = [terms for terms in looked_up if terms]
    terms = _in_force(named)
    start_ms = steps[run.origin].time_ms
    stop = run.stretches[-1][1]
    stop_ms = None if stop is None else start_ms if run.at_once else steps[stop].time_ms
    pieces = [] if run.at_once else list(_pieces(run, terms, steps, now_ms))
    ran = [piece for piece in pieces if piece.runs]
    spent: Counter[Share] = Counter()
    for piece in ran:
        spent[piece.share] += terms.calendar.working(piece.from_ms, piece.to_ms)
    # An instance that is stopped, or runs now, would have run on; a paused one stands still.
    runs_on_ms = stop_ms
    if stop is None and pieces[-1].runs:
        runs_on_ms = now_ms

    def reached_ms(amount_ms: int) -> int | None:
        return _reached(amount_ms, start_ms, ran, terms, runs_on_ms)

    end_ms = now_ms if stop_ms is None else stop_ms
    deadline_ms = reached_ms(terms.target_ms)
    warned = [text for text, ms in terms.warn if _is_past(reached_ms(ms), end_ms)]
    late = _is_past(deadline_ms, end_ms)
    if _is_cancelled(stop, looked_up[-1], steps):
        state = "cancelled"
    elif stop is not None:
        state = "breached_closed" if late else "met"
    elif late:
        state = "breached_open"
    elif not pieces[-1].runs:
        state = "paused"
    else:
        state = "at_risk" if warned else "running"
    return Instance(
        run.clock,
        steps[run.origin].event.name,
        named[-1].policy,
        start_ms,
        stop_ms,
        state,
        deadline_ms,
        sum(spent.values()),
        +spent,
        tuple(warned),
    )


def _in_force(named: list[Terms]) -> Terms:
    """The last terms; those that say `retarget: keep` stay."""
    return next((terms for terms in named if terms.keep), named[-1])


def _is_cancelled(stop: int | None, last: Terms | None, steps: Steps) -> bool:
    """No policy names it, or the ticket is gone and it had not stopped before that."""
    if last is None:
        return True
    gone_since = None
    for place, step in enumerate(steps):
        gone = step.after.deleted or step.after.merged
        gone_since = None if not gone else place if gone_since is None else gone_since
    return gone_since is not None and (stop is None or stop >= gone_since)


def _is_past(instant_ms: int | None, now_ms: int) -> bool:
    return instant_ms is not None and now_ms > instant_ms


# The budget


class Piece(NamedTuple):
    """The time between two steps, or up to now, of an instance that is not stopped."""

    from_ms: int
    to_ms: int
    share: Share
    runs: bool


def _pieces(run: Run, terms: Terms, steps: Steps, now_ms: int) -> Iterator[Piece]:
    pause = DEFAULT_PAUSE.get(run.clock, set()) if terms.pause is None else terms.pause
    for first, stop in run.stretches:
        for place in range(first, len(steps) if stop is None else stop):
            state = steps[place].after
            runs = state.status not in pause and state.status in RUNS_IN.get(
                run.clock, {state.status}
            )
            to_ms = steps[place + 1].time_ms if place + 1 < len(steps) else now_ms
            yield Piece(steps[place].time_ms, to_ms, _share(state.attributes, state.status), runs)


def _share(attributes: Mapping[str, Any], status: str) -> Share:
    return (str(attributes.get("queue") or ""), str(attributes.get("assignee") or ""), status)


def _reached(
    amount_ms: int, start_ms: int, ran: list[Piece], terms: Terms, runs_on_ms: int | None
) -> int | None:
    """The first instant at which so much was spent; None if that stands still before it."""
    if amount_ms == 0:
        return start_ms
    left_ms = amount_ms
    for piece in ran:
        piece_ms = terms.calendar.working(piece.from_ms, piece.to_ms)
        if piece_ms >= left_ms:
            return terms.calendar.used_up(piece.from_ms, left_ms)
        left_ms -= piece_ms
    return None if runs_on_ms is None else terms.calendar.used_up(runs_on_ms, left_ms)
