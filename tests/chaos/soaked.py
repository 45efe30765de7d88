"""The command `deskpulse worker`, which also tells of its memory, its files and its event loop.

    python -m tests.chaos.soaked CONF

Every few seconds a line of JSON goes to the file told.jsonl in the folder CONF.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Final
from unittest.mock import patch

from streams.cli.worker import Level, worker
from streams.kafka.worker import Worker

LOOK_S: Final = 0.02
"""How long the probe sleeps: what it sleeps longer the event loop was busy with something else."""
TELL_S: Final = 5.0
TOLD: Final = "told.jsonl"


async def probe(worker: Worker, told: Path) -> None:
    """Look on and on; each line has the lags since the last one, in milliseconds."""
    began = time.monotonic()
    lags: list[float] = []
    last = began
    with told.open("w") as file:
        while True:
            slept = time.monotonic()
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            lags.append(round(max(0.0, now - slept - LOOK_S) * 1000, 2))
            if now - last < TELL_S:
                continue
            one = {
                "at": now - began,
                "rss": rss(),
                "files": files(),
                "kept": kept(worker),
                "lags": lags,
            }
            file.write(json.dumps(one) + "\n")
            file.flush()
            lags, last = [], now


def kept(worker: Worker) -> int:
    """Tickets, agents, customers and requesters in memory: what it may grow with."""
    feeds = worker._feeds.values()
    return sum(one.processor.kept for feed in feeds for one in feed.owned.values())


def rss() -> int:
    """Bytes of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def files() -> int:
    """Open descriptors of this process; one of them is that of the folder they are read from."""
    return len(list(Path("/proc/self/fd").iterdir())) - 1


def main(folder: str) -> int:
    """Run the worker until SIGTERM."""
    run = Worker.run

    async def probed(self: Worker) -> None:
        probing = asyncio.ensure_future(probe(self, Path(folder) / TOLD))
        try:
            await run(self)
        finally:
            probing.cancel()

    with patch.object(Worker, "run", probed):
        return worker(Path(folder), Level.INFO)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
