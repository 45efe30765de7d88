"""Label values from the outside: cleaned, and kept within a budget for good.

A value gets its name while there is room; once all names are given, every further value is
`other`, for the life of the process. So a series never changes its meaning: what was counted
as `other` stays there, a counter never falls, and totals are exact at every moment. Whoever
has several new values admits them by volume, so after a restart the largest get the names.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from streams.config.model import Config, Label
from streams.config.series import estimate_series
from streams.core.events import OTHER
from streams.errors import UserError
from streams.metrics.catalogue import CLOSED, families

MAX_LENGTH: Final = 64
"""Characters of a label value."""


def clean(value: str) -> str:
    """A value fit to be shown: without control characters, line breaks and text direction marks.

    "" is a ticket without a value; one that holds nothing else than such characters is `other`.
    """
    if not value.isprintable():
        words = " ".join(value.split())
        value = "".join(filter(str.isprintable, words)) or OTHER
    return value[:MAX_LENGTH]


class Names:
    """The values of one label that keep their name."""

    __slots__ = ("_kept", "_limit", "_shown")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: set[str] = set()
        self._shown: dict[str, None] = {}

    def admit(self, volumes: Mapping[str, float]) -> None:
        """Give names to new values, the largest volume first, while there are any."""
        for value in sorted(volumes, key=lambda value: (-volumes[value], value)):
            self.of(value)

    def of(self, value: str) -> str:
        """The label under which a value is shown, today and always."""
        label = clean(value)
        if label not in self._kept and label not in ("", OTHER):
            if len(self._kept) < self._limit:
                self._kept.add(label)
            else:
                label = OTHER
        self._shown[label] = None
        return label

    @property
    def shown(self) -> tuple[str, ...]:
        """Every label given so far; a metric shows all of them, so none vanishes at zero."""
        return tuple(self._shown)


def queue_limit(config: Config) -> int:
    """How many queues keep their name: the budget, or fewer where `max_series` is short.

    Raises `UserError` when not even the series without a queue's name fit.
    """

    def series(queues: int) -> int:
        labels = replace(config.labels, queue=Label(queues))
        return estimate_series(replace(config, labels=labels), families(config), CLOSED)

    least = series(0)
    if least > config.max_series:
        raise UserError(
            f"max_series: {config.max_series} is less than the {least} series that remain when "
            "every queue is `other`; raise it, or lower labels.channel.max or labels.source.max"
            + (", or promise fewer clocks" if config.engine.policies else "")
        )
    return min(config.labels.queue.max, (config.max_series - least) // (series(1) - least))
