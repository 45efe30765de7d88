"""Faust by the book: a table in memory, changelog, at least once.

python -m tests.bench.peers.peer_faust BOOTSTRAP TOPIC EVENTS APP FOLDER
"""

import asyncio
import os
import sys
from typing import Any

import faust

from tests.bench.peers.kpi import Aggregates, update

_TO_COMMIT_S = 3
_PARTITIONS = 4


def main(bootstrap: str, topic: str, events: int, name: str, folder: str) -> None:
    """Process so many events, report and end."""
    kpis = Aggregates(events)
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        datadir=folder,
        store="memory://",
        topic_partitions=_PARTITIONS,
        topic_allow_declare=True,
        broker_commit_interval=1.0,
        web_enabled=False,
    )
    source = app.topic(topic, key_type=str, key_serializer="raw", value_serializer="json")
    tickets = app.Table("tickets", partitions=_PARTITIONS)
    ends: list[asyncio.Task[None]] = []

    async def finish() -> None:
        await asyncio.sleep(_TO_COMMIT_S)
        kpis.report()
        os._exit(0)

    @app.agent(source)
    async def fold(stream: Any) -> None:
        async for key, event in stream.items():
            last = kpis.tick()
            ticket = update(tickets.get(key), event, kpis)
            if ticket is not None:
                tickets[key] = ticket
            if last:
                kpis.mark()
                ends.append(asyncio.create_task(finish()))

    sys.argv[1:] = ["worker", "-l", "warn", "--without-web"]
    app.main()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:6])
