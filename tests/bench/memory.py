"""What an open ticket of six events takes, and whether an event costs more the more are open.

    python -m tests.bench.memory TICKETS

One process takes the events of so many open tickets, interleaved, and keeps nothing else. As a
program it prints what it found as JSON: `rss` and `history` are bytes of all tickets, `early_us`
and `late_us` the CPU time of an event with 10,000 of them open and with nearly all.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from streams.core.processor import Processor
from streams.core.settings import Settings
from streams.kafka.worker import GC_THRESHOLDS
from streams.simulate import bulk
from streams.wire import packing
from streams.wire.pressing import the_press
from tests.bench.alone import alone
from tests.bench.engine import BATCH, CUT_AT, PER_TICKET, fold
from tests.bench.machine import peak_rss
from tests.bench.readings import Reading

TICKETS: Final = 100_000
FEW: Final = 10_000
"""Open tickets at which an event is compared with one at the end."""


def measure(_: int) -> Iterator[Reading]:
    """One run, whatever was asked for: it takes long, and memory does not vary."""
    found = alone("memory", TICKETS)
    assert found["open"] == TICKETS, found
    yield Reading("memory.ticket", "bytes RSS/open ticket", found["rss"] / TICKETS)
    yield Reading("memory.ticket.history", "bytes/open ticket", found["history"] / TICKETS)
    yield Reading("memory.growth.10k_open", "us CPU/event", found["early_us"])
    yield Reading("memory.growth.100k_open", "us CPU/event", found["late_us"])


def grown(tickets: int) -> dict[str, Any]:
    """What so many open tickets came to in this process."""
    gc.set_threshold(*GC_THRESHOLDS)
    processor = Processor(Settings(), packing, press=the_press())
    empty = peak_rss()
    spent: list[float] = []
    """CPU seconds by batch."""
    events = bulk(tickets, PER_TICKET, seed=1, leave_open=True)
    while messages := list(islice(events, BATCH)):
        started = time.process_time()
        fold(processor, messages, len(spent) * BATCH)
        spent.append(time.process_time() - started)
        if processor.pending >= CUT_AT:
            processor.cut()
            # As a worker does once a minute: all that had no event since the last time.
            processor.look_for_rest()
            processor.rest(processor.awake)
    rss = peak_rss() - empty
    # A full step of the traffic is one event of each number, so both stretches hold the same mix.
    early, late = FEW * PER_TICKET // BATCH, (tickets - FEW) * PER_TICKET // BATCH
    stretch = FEW // 2 * PER_TICKET // BATCH
    return {
        "open": processor.now.depth(),
        "rss": rss,
        "history": sum(len(record.history) for record in processor.wake().values()),
        "early_us": sum(spent[early : early + stretch]) * 1e6 / stretch / BATCH,
        "late_us": sum(spent[late : late + stretch]) * 1e6 / stretch / BATCH,
    }


if __name__ == "__main__":
    asked = int(sys.argv[1])
    if asked < 2 * FEW:
        sys.exit(f"expected at least {2 * FEW} tickets")
    print(json.dumps(grown(asked)))
