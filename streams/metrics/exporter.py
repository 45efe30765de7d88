"""A worker's metrics from beginning to end: the port is open while the block runs."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from prometheus_client import CollectorRegistry

from streams.access import authorization, server_context
from streams.clock import Clock, wall_ms
from streams.config.model import Config
from streams.kafka.partitions import Partitions, PartitionsOf
from streams.metrics.collector import Collector
from streams.metrics.endpoint import Endpoint
from streams.metrics.lately import Others
from streams.metrics.snapshot import take

LOOP_MS: Final = 5_000
"""A worker whose event loop stands still for longer is not live."""


class Exporter:
    """Shows the numbers of the latest commit cycle."""

    def __init__(self, config: Config, clock: Clock = wall_ms) -> None:
        """Open the port of `config.metrics`.

        Raises `UserError` when it cannot be had, when `max_series` leaves no room, and when a
        certificate cannot be used; `ConfigError` where a secret is not at its place.
        """
        self._clock = clock
        self._shown_at = self._turned_at = clock()
        self._stopping = ""
        self._restored: Mapping[str, tuple[int, int]] = {}
        """Partitions restored, and owned, by processor."""
        self._hanging: tuple[str, ...] = ()
        self._feeds: Mapping[str, PartitionsOf[Any]] = {}
        self._live_within = config.health.stalled
        self._collector = Collector(config, self._shown_at)
        self._others = Others(config)
        registry = CollectorRegistry()
        registry.register(self._collector)
        where = config.metrics
        tls = None
        if where.certfile is not None:
            tls = server_context("metrics", where.certfile, where.keyfile)
        self._endpoint = Endpoint(
            where.bind,
            where.port,
            registry,
            live=self.live,
            ready=self.ready,
            tls=tls,
            credentials=authorization(where.username, where.password, where.token),
        )

    @property
    def url(self) -> str:
        """Where the metrics are."""
        return f"{self._endpoint.url}/metrics"

    def show(self, partitions: Partitions) -> None:
        """Take a new picture; call it on the event loop after each commit cycle and rebalance."""
        self._shown_at = self._turned_at = self._clock()
        self._collector.snapshot = take(partitions, self._shown_at, self._others.figures())
        feeds = {partitions.source.name: partitions, **self._feeds}
        # The checks answer from threads of their own.
        self._hanging = tuple(why for feed in feeds.values() for why in feed.hanging.values())
        self._restored = {
            name: (sum(one.ready for one in feed.owned.values()), len(feed.owned))
            for name, feed in feeds.items()
        }

    def follow(self, others: Mapping[str, PartitionsOf[Any]]) -> None:
        """Say whether agents and customers are restored, too; show them where that is asked for.

        `others` are the worker's partitions by name of the processor.
        """
        self._feeds = others
        self._others.follow(others)

    def beat(self, stopping: str) -> None:
        """The event loop turns; call it there twice a second. `stopping` is why the worker ends."""
        self._turned_at = self._clock()
        self._stopping = self._stopping or stopping

    def count(self) -> bool:
        """Count on those that are followed, for a moment; true when there is more to do.

        Call it on the event loop, again and again.
        """
        return self._others.count()

    def promise(self, config: Config) -> None:
        """Other policies."""
        self._collector.promise(config, self._clock())

    def refused(self) -> None:
        """A configuration could not be read: the former one stays."""
        self._collector.refused()

    def live(self) -> tuple[bool, str]:
        """Whether the event loop turns, cycles commit within `health.stalled`, and nothing failed.

        What stalls for longer (`streams.kafka.stalls`) has failed.
        """
        if self._stopping:
            return False, f"stopping: {self._stopping}"
        now = self._clock()
        if now - self._turned_at > LOOP_MS:
            return False, f"the event loop has stood still for {(now - self._turned_at) // 1000} s"
        silent_s = (now - self._shown_at) // 1000
        fine = silent_s * 1000 <= self._live_within
        return fine, "live" if fine else f"no commit cycle for {silent_s} s"

    def ready(self) -> tuple[bool, str]:
        """Whether the worker lives, owns partitions and has restored all, of each processor.

        What holds a partition up that only a person can end is told, but no reason not to be ready.
        """
        live, why = self.live()
        if not live:
            return live, why
        restored = sum(ready for ready, _ in self._restored.values())
        owned = sum(owned for _, owned in self._restored.values())
        waiting = [
            f"{name} {owned - ready}"
            for name, (ready, owned) in self._restored.items()
            if ready < owned
        ]
        told = f"{restored} of {owned} partitions restored"
        if waiting:
            told += f" (to be restored: {', '.join(waiting)})"
        return 0 < owned == restored, "; ".join((told, *self._hanging))

    def __enter__(self) -> Self:
        self._endpoint.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._endpoint.stop()
