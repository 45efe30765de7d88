"""The notifier: follows `sla-transitions`, and keeps every Alertmanager up to date."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from streams.clock import Clock, wall_ms
from streams.config.model import Config
from streams.core.instants import MINUTE
from streams.kafka.follow import follow
from streams.notify.alertmanager import Alertmanager, http
from streams.notify.alerts import Alert, Labels, Wording
from streams.notify.books import Books, Instance
from streams.notify.outbox import FIRES_FOR
from streams.notify.told import Told, told

log = logging.getLogger("deskpulse")

STOP_S: Final = 4.0
"""How long a stop may take before the process ends anyway."""


class Desk:
    """Which alerts are open, by what was read so far."""

    def __init__(self, config: Config) -> None:
        self.books = Books()
        self.unreadable = 0
        """Records that are no transitions."""
        self._wording = Wording(config)
        self._known: dict[Instance, tuple[Told, Alert | None]] = {}

    def read(self, values: Iterable[bytes]) -> None:
        """Take note of records; what is no transition is counted, and logged the first time."""
        for value in values:
            try:
                self.books.add(told(value))
            except ValueError as error:
                if not self.unreadable:
                    log.warning("a record is left out, and more like it: %s", error)
                self.unreadable += 1

    def alerts(self) -> Mapping[Labels, Alert]:
        """The open alerts that the configuration asks for."""
        known, self._known = self._known, {}
        for instance, mark in self.books.open.items():
            former = known.get(instance)
            if former is None or former[0] is not mark:
                former = mark, self._wording.alert(instance, mark)
            self._known[instance] = former
        return {alert.labels: alert for _, alert in self._known.values() if alert is not None}

    def over(self, since: int) -> Mapping[Labels, Alert]:
        """The alerts that have ended, or might have, since an instant."""
        ended = (self._wording.alert(*one) for one in self.books.over(since))
        return {alert.labels: alert for alert in ended if alert is not None}


async def notify(config: Config, stopping: asyncio.Event, clock: Clock = wall_ms) -> None:
    """Run until `stopping` is set, then end within `STOP_S`.

    Raises `UserError` when the topic cannot be read, or a secret is not there.
    """
    async with http(config.notify) as transport:
        resend = config.notify.resend
        those = [Alertmanager(url, resend, transport, clock) for url in config.notify.alertmanagers]
        tasks = [
            asyncio.create_task(stopping.wait()),
            asyncio.create_task(_watch(config, those, clock)),
            *(asyncio.create_task(one.keep()) for one in those),
        ]
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=STOP_S)
        for task in done:
            task.result()


async def _watch(config: Config, those: Sequence[Alertmanager], clock: Clock) -> None:
    """Read back what is remembered, silently; then show what is open, whenever it changes."""
    desk, topic, remember = Desk(config), config.topics.transitions, config.notify.remember
    forgotten_at = 0
    shown = False
    while True:
        # What happened within the horizon was said after it, but for clocks that differ.
        since = clock() - remember - config.lateness.future_skew
        async with aclosing(follow(config.kafka, topic, since)) as batches:
            async for batch in batches:
                desk.read(batch.values)
                now = clock()
                if tidy := not 0 <= now - forgotten_at < MINUTE:
                    forgotten_at = now
                    desk.books.forget(now - remember)
                if batch.caught_up and (batch.values or tidy or not shown):
                    alerts = desk.alerts()
                    if not shown:
                        log.info("%s is read, %d alerts are open", topic, len(alerts))
                        over = desk.over(now - 2 * FIRES_FOR)
                        for one in those:
                            one.may_fire(over)
                    for one in those:
                        one.show(alerts)
                    shown = True
        log.info("%s has other partitions now: reading it anew", topic)
