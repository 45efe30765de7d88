"""The settings that change a ticket's facts, with the documented defaults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reference model needs to know besides the events; all spans in milliseconds.

    `sources` are (pattern, options) pairs in file order, options being `response_signal`
    (`reply`, `pickup`, `left_new`) and `resolution_at` (`resolved`, `closed`).
    """

    apply_within_ms: int = 7 * DAY_MS
    future_skew_ms: int = 300_000
    forgotten_ms: int = 400 * DAY_MS
    count_bots: bool = False
    count_automatic: bool = False
    sources: Sequence[tuple[str, Mapping[str, str]]] = field(default=())

    @classmethod
    def of(cls, given: "Mapping[str, Any] | Settings | None") -> "Settings":
        """`given` over the defaults; an unknown key is a TypeError."""
        return given if isinstance(given, Settings) else cls(**(given or {}))

    def of_source(self, source: str, option: str, default: str) -> str:
        """`option` of the first pattern that matches `source`, else `default`."""
        for pattern, options in self.sources:
            if re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), source, re.DOTALL):
                return options.get(option, default)
        return default
