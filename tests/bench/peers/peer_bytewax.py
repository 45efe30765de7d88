"""Bytewax by the book: stateful_batch, a recovery store on the local disk.

BOOTSTRAP=... TOPIC=... EVENTS=... python -m bytewax.run tests.bench.peers.peer_bytewax:flow \
-r FOLDER -s 1 -b 0
"""

import os
from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from tests.bench.peers.kpi import Aggregates, Ticket, update

_KPIS = Aggregates(int(os.environ["EVENTS"]))


class Folding(StatefulBatchLogic):
    """Folds the events of one ticket."""

    def __init__(self, ticket: Ticket | None) -> None:
        self._ticket = ticket

    def on_batch(self, events: list[Any]) -> tuple[Iterable[Any], bool]:
        """Bytewax's: the events of a batch."""
        for event in events:
            last = _KPIS.tick()
            ticket = update(self._ticket, event, _KPIS)
            if ticket is not None:
                self._ticket = ticket
            if last:
                _KPIS.mark()
                _KPIS.report()
        return (), StatefulBatchLogic.RETAIN

    def snapshot(self) -> Ticket:
        """Bytewax's: a copy, because it is written later."""
        return dict(self._ticket or {})


class _Nowhere(StatelessSinkPartition):
    def write_batch(self, items: list[Any]) -> None:
        """Bytewax's: a flow has to end in a sink."""


class Nowhere(DynamicSink):
    """A sink that keeps nothing."""

    def build(self, *_: object) -> _Nowhere:
        """Bytewax's: one for each worker."""
        return _Nowhere()


flow = Dataflow("kpi")
_source = kop.input(
    "in",
    flow,
    brokers=[os.environ["BOOTSTRAP"]],
    topics=[os.environ["TOPIC"]],
    tail=False,
    batch_size=1000,
)
_events = op.map("parse", _source.oks, lambda m: (m.key.decode(), orjson.loads(m.value)))
op.output("out", op.stateful_batch("kpi", _events, Folding), Nowhere())
