"""Whose tickets these are: what is known of requesters, so that KPIs can be told apart by it.

Of a customer `customer.updated` tells attributes; which of them are dimensions is declared in the
configuration. Every KPI of a ticket counts under what its requester is *now*: when a customer
moves to another plan, all his tickets move along (docs/decisions/0019). So nothing is kept in
tickets, and sums by such an attribute are made in the recount only.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from streams.core.customers import Customers, described
from streams.core.entities import EntityBooks
from streams.core.entity import runs_of
from streams.core.events import CUSTOMER_UPDATED
from streams.core.record import Packing
from streams.core.settings import Settings
from streams.core.sums import CUSTOMER

Labels = Mapping[str, str]
"""By dimension (`customer_region`); "" where it is not known."""


class Clientele:
    """The labels of customers by name."""

    __slots__ = ("_known", "_nobody", "dimensions")

    def __init__(
        self, attributes: Sequence[str] = (), known: Mapping[str, Labels] | None = None
    ) -> None:
        self.dimensions: tuple[str, ...] = tuple([CUSTOMER + name for name in attributes])
        self._nobody: Labels = dict.fromkeys(self.dimensions, "")
        self._known: Mapping[str, Labels] = known or {}

    def of(self, requester: str | None) -> Labels:
        """What is known of a ticket's requester; equal ones may be one object."""
        if requester is None:
            return self._nobody
        return self._known.get(requester, self._nobody)


NOBODY: Final = Clientele()
"""Where nothing is known of customers: no dimension at all."""


def clientele(
    books: EntityBooks, kind: Customers, settings: Settings, packing: Packing, as_of: int
) -> Clientele:
    """What customers are at an instant, as far as their events tell; a forgotten one is nobody."""
    if not books.outcomes:
        return NOBODY
    known: dict[str, Labels] = {}
    shared: dict[tuple[str, ...], Labels] = {}
    for name, record in books.records.items():
        events = sorted(e for e in packing.unpack(record.history) if e.at <= as_of)
        runs = runs_of(events, settings.forgotten, record.joined)
        if not runs or as_of - runs[-1][-1].at > settings.forgotten:
            continue
        values = described([e for e in runs[-1] if e.type == CUSTOMER_UPDATED], kind.attributes)
        if any(values):
            labels = shared.get(values)
            if labels is None:
                pairs = zip(kind.attributes, values, strict=True)
                labels = shared[values] = {CUSTOMER + name: value for name, value in pairs}
            known[name] = labels
    return Clientele(kind.attributes, known)
