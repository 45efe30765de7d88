"""`deskpulse notify`: pages for single tickets, at once."""

import asyncio
import logging
import signal
import sys
from typing import Annotated

import typer

from streams.cli.console import note
from streams.cli.options import ConfigFolder, configuration
from streams.cli.worker import Level
from streams.config import Config


def notify(
    config: ConfigFolder = None,
    log_level: Annotated[
        Level, typer.Option("--log-level", help="How much the log says.")
    ] = Level.INFO,
) -> int:
    """Tell Alertmanager of each urgent ticket at risk or breached, until SIGTERM or Ctrl-C.

    Follows the topic of the workers' transitions; which tickets are told of, and where, is
    the section `notify` of deskpulse.yml. It keeps nothing, so it may be started again at any
    time, and several may run side by side. Exit code 0 after a stop that was asked for.

    Example: deskpulse notify --config conf
    """
    settings = configuration(config)
    logging.basicConfig(
        level=log_level.value.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("aiokafka").setLevel(max(logging.WARNING, logging.root.level))
    asyncio.run(_run(settings))
    return 0


async def _run(config: Config) -> None:
    from streams.notify.notifier import notify as run

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    note(
        f"deskpulse notify: {config.topics.transitions} at {config.kafka.bootstrap}, "
        f"to {', '.join(config.notify.alertmanagers)}"
    )
    await run(config, stopping)
