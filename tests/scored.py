"""Reports of scorecards, from events and what `scorecards.yml` would say."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from streams.compare import judge
from streams.config import Config
from streams.config.schema import adapter
from streams.core.processor import Processor
from streams.core.report import Books, report
from streams.core.settings import Settings
from streams.wire import packing
from tests.laws.driving import decoded

Event = Mapping[str, Any]


def configured(*goals: Mapping[str, Any], **others: Any) -> Config:
    """A configuration in UTC with one scorecard, `mine`; others are keys of any file."""
    card = {"mine": {"goals": list(goals)}} if goals else {}
    scorecards = {**card, **others.pop("scorecards", {})}
    given = {"timezone": "UTC", "scorecards": scorecards, **others}
    return adapter().validate_json(json.dumps(given))


def kept(events: Iterable[Event], settings: Settings) -> Books:
    """What a replay of these events keeps."""
    processor = Processor(settings, packing, announcing=False)
    processor.apply(list(enumerate(decoded(events, settings))))
    processor.cut()
    return Books(processor.records, processor.settled, processor.outcomes)


def reported(events: Iterable[Event], config: Config, as_of: int | None = None) -> dict[str, Any]:
    """The report of these events, as of the newest of them."""
    books = kept(events, config.engine)
    at = books.newest if as_of is None else as_of
    assert at is not None
    return report(books, config.engine, packing, at, judge=judge)


def scored(
    events: Iterable[Event], *goals: Mapping[str, Any], as_of: int | None = None, **others: Any
) -> list[dict[str, Any]]:
    """The rows of one scorecard."""
    rows: list[dict[str, Any]] = reported(events, configured(*goals, **others), as_of)[
        "scorecards"
    ]["mine"]
    return rows
