"""The scorecards that are shipped: `streams/scorecards/*.yml`, each as a folder may hold it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar, Final

from pydantic import ConfigDict, TypeAdapter

from streams.config.document import parse
from streams.config.goals import ScorecardEntry

SHEETS: Final = (
    "starter",
    "conflicts",
    "round-the-clock",
    "experience",
    "quality",
    "helpdesk-ten",
)
"""Their names, the simplest first."""


@dataclass(frozen=True)
class _File:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    scorecards: Mapping[str, ScorecardEntry]


@cache
def sheet(name: str) -> ScorecardEntry:
    """A shipped scorecard; raises `KeyError` where there is none of that name."""
    if name not in SHEETS:
        raise KeyError(name)
    text = (files("streams.scorecards") / f"{name}.yml").read_text(encoding="utf-8")
    data = json.dumps(parse(f"{name}.yml", text).data)
    return TypeAdapter(_File).validate_json(data).scorecards[name]
