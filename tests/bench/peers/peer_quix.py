"""Quix Streams by the book: RocksDB, changelog, at least once.

python -m tests.bench.peers.peer_quix BOOTSTRAP TOPIC EVENTS GROUP FOLDER
"""

import os
import sys
import threading
import time
from typing import Any

from quixstreams import Application, State

from tests.bench.peers.kpi import Aggregates, update

_TO_COMMIT_S = 3


def main(bootstrap: str, topic: str, events: int, group: str, folder: str) -> None:
    """Process so many events, report and end."""
    kpis = Aggregates(events)
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=folder,
        processing_guarantee="at-least-once",
        loglevel="ERROR",
    )

    def finish() -> None:
        time.sleep(_TO_COMMIT_S)
        kpis.report()
        os._exit(0)

    def fold(event: dict[str, Any], state: State) -> None:
        last = kpis.tick()
        ticket = update(state.get("t"), event, kpis)
        if ticket is not None:
            state.set("t", ticket)
        if last:
            kpis.mark()
            threading.Thread(target=finish).start()

    source = app.topic(topic, key_deserializer="str", value_deserializer="json")
    app.dataframe(source).apply(fold, stateful=True)
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:6])
