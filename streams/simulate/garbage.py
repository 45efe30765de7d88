"""Messages that no reader can use: what broken producers really send.

Each maker takes a valid event and returns the bytes of a spoiled copy. `foreign` is
well formed but of a type nobody knows, so it is ignored; all others are refused.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from streams.core import events
from streams.wire.codec import dumps

Maker = Callable[[dict[str, Any]], bytes]


def _with(**attributes: Any) -> Maker:
    return lambda event: dumps({**event, **attributes})


def _without(name: str) -> Maker:
    return lambda event: dumps({key: value for key, value in event.items() if key != name})


def _misspelt(event: dict[str, Any]) -> bytes:
    return dumps({**event, "subject": event["subject"] + "-x"})


def _self_merge(event: dict[str, Any]) -> bytes:
    return dumps({**event, "type": events.MERGED, "data": {"into": event["subject"]}})


GARBAGE: Final[Mapping[str, Maker]] = {
    "truncated": lambda event: dumps(event)[:-40],
    "empty": lambda _: b"",
    "blank": lambda _: b"  \n",
    "not_json": lambda _: b"<html><body>502 Bad Gateway</body></html>",
    "list": lambda event: dumps([event]),
    "latin1": lambda event: dumps(event)[:-1] + ',"note":"für"}'.encode("latin-1"),
    "nan": lambda event: dumps(event)[:-1] + b',"delay":NaN}',
    "nested": lambda _: b'{"data":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "no_id": _without("id"),
    "no_source": _without("source"),
    "no_type": _without("type"),
    "no_time": _without("time"),
    "null_data": _with(type=events.REPLIED, data=None),
    "null_id": _with(id=None),
    "long_id": _with(id="x" * 129),
    "old_version": _with(specversion="0.3"),
    "new_schema": _with(dataschema="urn:deskpulse:event:2"),
    "no_zone": _with(time="2026-03-02T09:00:00"),
    "no_such_day": _with(time="2026-02-30T09:00:00Z"),
    "epoch_number": _with(time=1_772_438_400),
    "ancient": _with(time="1970-01-01T00:00:00Z"),
    "future": _with(time="2099-12-31T23:59:59Z"),
    "wrong_key": _misspelt,
    "data_text": _with(data="status=open"),
    "no_author": _with(type=events.REPLIED, data={"visibility": "public"}),
    "self_merge": _self_merge,
    "score_off_scale": _with(
        type=events.SURVEY_RESPONDED,
        data={"survey": "s-1", "kind": "csat", "score": 9, "scale": {"min": 1, "max": 5}},
    ),
    "foreign": _with(type="ticket.viewed", data={}),
}


def spoil(rng: Random, event: dict[str, Any]) -> tuple[bytes, bytes]:
    """Key and value of a message made from the event by one of the makers of `GARBAGE`."""
    maker = GARBAGE[rng.choice(tuple(GARBAGE))]
    return event["subject"].encode(), maker(event)
