"""`deskpulse worker`: one worker of the application's group."""

import asyncio
import logging
import os
import signal
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import note
from streams.cli.options import ConfigFolder, configuration
from streams.clock import wall_ms
from streams.config import Config
from streams.errors import UserError


class Level(StrEnum):
    """Levels of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def worker(
    config: ConfigFolder = None,
    log_level: Annotated[
        Level, typer.Option("--log-level", help="How much the log says.")
    ] = Level.INFO,
) -> int:
    """Run a worker until SIGTERM or Ctrl-C; metrics are on metrics.bind and metrics.port.

    SIGHUP has it read sla.yml again: other promises hold from then on, without a restart.

    Start as many as there are partitions, at most; they share the work. Exit code 0 after
    a stop that was asked for, 1 when the worker stopped itself rather than diverge or hang, or
    when its stop had to be cut short.

    Example: deskpulse worker --config conf
    """
    settings = configuration(config)
    logging.basicConfig(
        level=log_level.value.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for chatty in ("aiokafka", "faust", "mode", "streams.kafka"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))
    return asyncio.run(_run(settings, config))


async def _run(config: Config, folder: Path | None) -> int:
    from streams.kafka.delivery import exactly_once
    from streams.kafka.diagnosis import hidden
    from streams.kafka.journal import others_of
    from streams.kafka.reload import Reloading
    from streams.kafka.topics import check, existing
    from streams.kafka.worker import Worker
    from streams.metrics import Exporter
    from streams.metrics.labels import queue_limit

    guarantee = await exactly_once(config)
    topics = await check(config)
    if topics.problems:
        raise UserError("\n".join(topics.problems))
    for line in topics.notes:
        logging.getLogger("deskpulse").warning("%s (see deskpulse topics check)", line)
    there = await existing(config)
    others = [one for one in others_of(config) if {one.topic, one.changelog} <= there]
    without = [one.name for one in others_of(config) if one not in others]
    if without:
        note(
            f"no topics for {', '.join(without)}: running without; see deskpulse topics ensure"
            + hidden(config.kafka)
        )
    with Exporter(config) as exporter:
        running = Worker(
            config,
            exactly_once=guarantee,
            on_cycle=exporter.show,
            clock=wall_ms,
            others=others,
        )
        exporter.follow(running.others)
        running.beside = exporter.count
        running.beat = exporter.beat
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, running.stopping.set)
        reloading = Reloading(partial(configuration, folder), queue_limit, running, exporter)
        loop.add_signal_handler(signal.SIGHUP, reloading.ask)
        note(
            f"deskpulse worker: {config.topics.source} at {config.kafka.bootstrap}, "
            f"{'exactly once' if guarantee else 'at least once'}, metrics on {exporter.url}"
        )
        code = 0
        try:
            await running.run()
        except Exception:  # noqa: BLE001 - the worker has said it in one line already
            code = 1
        if running.cut_short:
            # Whatever hangs has nothing to do any more: what was not committed is read again.
            logging.shutdown()
            os._exit(1)
    return code
