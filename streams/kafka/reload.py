"""A configuration that is read again while the worker runs: other promises, without a restart.

Policies and calendars (all of sla.yml) are taken over. What else has changed waits for a restart,
and is named. Where anything is wrong with the folder, nothing is taken over.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Protocol

from streams.config.model import HOMES, Config
from streams.config.problems import ConfigError
from streams.errors import UserError

log = logging.getLogger("deskpulse")

RELOADED = HOMES["sla.yml"]
"""The keys that are taken over."""


class Shown(Protocol):
    """What shows the numbers, and whether the configuration could be read."""

    def promise(self, config: Config) -> None:
        """Other policies."""

    def refused(self) -> None:
        """The former configuration stays."""


class Promising(Protocol):
    """Who keeps the promises."""

    config: Config

    async def promise(self, config: Config) -> None:
        """Other policies from now on."""


class Reloading:
    """Reads the configuration of a worker again, once for each time it is asked to."""

    def __init__(
        self,
        load: Callable[[], Config],
        check: Callable[[Config], object],
        worker: Promising,
        shown: Shown,
    ) -> None:
        """`load` and `check` raise `ConfigError` or `UserError` for what cannot be used."""
        self._load = load
        self._check = check
        self._worker = worker
        self._shown = shown
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """Begin; returns at once."""
        task = asyncio.ensure_future(self.reload())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def reload(self) -> None:
        """Read, check and take over; whatever is wrong is said in the log."""
        async with self._one_at_a_time:
            former = self._worker.config
            wrong = ""
            try:
                # Files, and calendars in other files.
                found = await asyncio.to_thread(self._load)
                config = replace(former, **{key: getattr(found, key) for key in RELOADED})
                self._check(config)
            except (ConfigError, UserError) as error:
                wrong = str(error) or type(error).__name__
            if wrong:
                for line in wrong.splitlines():
                    log.error("the former configuration stays: %s", line)
                self._shown.refused()
                return
            waiting = _changed(config, found)
            if waiting:
                log.warning("a restart is needed for what has changed in: %s", ", ".join(waiting))
            changed = _changed(former, config)
            if changed:
                await self._worker.promise(config)
            self._shown.promise(config)
            log.info("configuration read again: %s", ", ".join(changed) or "nothing has changed")


def _changed(former: Config, config: Config) -> list[str]:
    keys = (each.name for each in fields(Config))
    return [key for key in keys if getattr(former, key) != getattr(config, key)]
