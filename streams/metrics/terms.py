"""The sums that KPIs are made of, as `/metrics` has them: each once, whichever KPIs share it.

Ratios and means do not add up over workers, sums do: whoever asks divides them.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from streams.core import facts
from streams.core.formula import COUNT, SECONDS, Kpi, Term
from streams.core.kpis import DURATIONS, KPIS

PLURALS: Final[Mapping[str, str]] = {
    facts.AGENT_REPLY: "agent_replies",
    facts.REQUESTER_MESSAGE: "requester_messages",
}
"""Kinds whose metric has another name than the fact."""
_LISTED: Final = 3
"""So many KPIs are named in the help of a sum; of the others only how many there are."""


class Sum(NamedTuple):
    """One sum of the trailing windows."""

    metric: str
    """Its name, without the prefix."""
    kind: str
    amounts: bool
    """The values are added up; else the facts are counted."""
    by_queue: bool
    help: str


def metric_of(term: Term) -> str:
    """The metric of a term: named by the kind of fact, and by what its values are."""
    kind, of = term.kind, term.of
    if of == COUNT:
        return f"window_{PLURALS.get(kind, kind)}"
    return f"window_{kind}" if kind.endswith(f"_{of}") else f"window_{kind}_{of}"


def terms_of(kpi: Kpi) -> tuple[Term, ...]:
    """The terms of a KPI that windows know; none where its value does not follow from them."""
    if not kpi.in_windows:
        return ()
    terms = dict.fromkeys((*kpi.top, *kpi.bottom))
    return tuple(term for term in terms if term.kind in facts.WINDOWED)


def sums() -> Iterator[Sum]:
    """Every sum behind a KPI or a duration of the catalogue; none that is counted anyway."""
    used: dict[tuple[str, str], list[tuple[Term, str]]] = {}
    for kpi in KPIS:
        for term in terms_of(kpi):
            used.setdefault((term.kind, term.of), []).append((term, kpi.name))
    for duration in DURATIONS:
        for key, of in (("how many", COUNT), ("all together", SECONDS)):
            term = Term(key, duration.kind, of)
            used.setdefault((term.kind, of), []).append((term, duration.name))
    queued = {(t.kind, t.of) for kpi in KPIS if kpi.by_queue for t in terms_of(kpi)}
    for (kind, of), found in used.items():
        if kind in facts.CATALOGUED:
            text = _help(found[0][0], list(dict.fromkeys(name for _, name in found)))
            yield Sum(metric_of(found[0][0]), kind, of != COUNT, (kind, of) in queued, text)


def _help(term: Term, kpis: list[str]) -> str:
    named, others = kpis[:_LISTED], len(kpis) - _LISTED
    if others > 0:
        named.append(f"{others} more")
    head, last = named[:-1], named[-1]
    behind = f"{', '.join(head)} and {last}" if head else last
    unit = ", in seconds" if term.of == SECONDS else ""
    return f"Behind {behind}: {term.key.removesuffix('_s')}, in the trailing window{unit}."
