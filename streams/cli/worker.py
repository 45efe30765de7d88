"""`deskpulse worker`: one worker of the application's group."""

import asyncio
import logging
import signal
import sys
from enum import StrEnum
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

    Start as many as there are partitions, at most; they share the work. Exit code 0 after
    a stop that was asked for, 1 when the worker stopped itself rather than diverge.

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
    return asyncio.run(_run(settings))


async def _run(config: Config) -> int:
    from streams.kafka.delivery import exactly_once
    from streams.kafka.diagnosis import hidden
    from streams.kafka.journal import others_of
    from streams.kafka.topics import check, existing
    from streams.kafka.worker import Worker
    from streams.metrics import Exporter

    guarantee = await exactly_once(config)
    topics = await check(config)
    if topics.problems:
        raise UserError("\n".join(topics.problems))
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
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, running.stopping.set)
        note(
            f"deskpulse worker: {config.topics.source} at {config.kafka.bootstrap}, "
            f"{'exactly once' if guarantee else 'at least once'}, metrics on {exporter.url}"
        )
        try:
            await running.run()
        except Exception:  # noqa: BLE001 - the worker has said it in one line already
            return 1
    return 0
