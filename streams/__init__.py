"""Deskpulse: ticket events on Kafka become live service-quality numbers.

Reading order, which is the way of an event:

1. `core.events`, `core.ticket`, `core.fold` - what an event is, and what it makes of a ticket;
2. `core.record`, `core.processor` - the record of a ticket, and a partition of them;
3. `core.facts`, `core.aggregates`, `core.windows`, `core.tally`, `core.report` - the numbers;
4. `wire` - from bytes to events, from records to bytes;
5. `config` - what can be set;
6. `kafka` - the same engine inside a Faust worker, made durable;
7. `metrics` - from a worker's state to Prometheus;
8. `replay`, `importers`, `simulate` - events from files, from helpdesks, from nobody;
9. `cli` - the commands.
"""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("deskpulse")
"""The version of the installed package."""
