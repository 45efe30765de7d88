"""The catalogue's part of the report made comparable: the engine's, and the reference model's."""

from collections.abc import Mapping, Sequence
from typing import Any

from streams.core.recount import OPEN_NOW
from streams.core.report import Books, report
from streams.wire import packing
from tests.laws.driving import CloudEvent, Rules, canonical, engine
from tests.reference.catalogue import TIMES, catalogue

Report = dict[str, Any]

SHOWN = {"tickets", "counts", "durations"}
PARTS = ("kpis", "by", "periods", "volume", "movers", "hours_bands", "drivers")
OF_NOTHING = {"low_sample", "unavailable"}
NOTHING: Sequence[Any] = (None, 0, "", "0.00", {}, [], False)


def of_engine(books: Books, rules: Rules, as_of: int | None = None) -> Report:
    """The engine's, by default as of the newest event applied."""
    as_of = books.newest if as_of is None else as_of
    if as_of is None:
        return {}
    found = report(books, rules.engine, packing, as_of)
    return comparable(
        {
            "durations": {name: found["durations"][name] for name in TIMES},
            "snapshots": found["queue_depth"]["snapshots"],
            "snapshots_by_queue": found["queue_depth"]["snapshots_by_queue"],
            "open_now": {
                name: part
                for name, part in found["queue_depth"].items()
                if name.removesuffix("_by") in OPEN_NOW
            },
            **{name: found[name] for name in PARTS},
        }
    )


def of_reference(arrived: Sequence[CloudEvent], rules: Rules, as_of: int | None = None) -> Report:
    """The reference model's."""
    found = catalogue(canonical(arrived), settings=rules.reference, as_of=as_of, sla=rules.sla)
    return comparable(found) if found else {}


def comparable(found: Report) -> Report:
    """Without what comes to nothing, and with amounts to the third place."""
    pruned: Report = _pruned(found)
    for rows in pruned.get("periods", {}).values():
        for name in [name for name, row in rows.items() if _is_empty(row)]:
            del rows[name]
    return pruned


def _is_empty(period: Report) -> bool:
    """Nothing happened in it that a figure counts, even if tickets were active."""
    return not SHOWN & period.keys() and not period.get("kpis", {}).keys() - {"resolved_of_all"}


def _pruned(value: Any) -> Any:
    if isinstance(value, float):
        # The engine's are quotients of floats, the model's are exact.
        return float(f"{value:.9g}")
    if isinstance(value, Mapping):
        inner = {name: _pruned(part) for name, part in value.items()}
        kept = {name: part for name, part in inner.items() if part not in NOTHING}
        # Of nothing there are too few, and no value.
        return kept if kept.keys() - OF_NOTHING else {}
    return value


def figures(events: Sequence[CloudEvent], as_of: int | None = None, /, **chosen: Any) -> Report:
    """The engine's report on a case worked out by hand, on which the reference model agrees."""
    rules = Rules.of(chosen)
    books = engine(events, rules).books()
    assert of_engine(books, rules, as_of) == of_reference(events, rules, as_of)
    return report(books, rules.engine, packing, books.newest or 0 if as_of is None else as_of)
