"""What one requester is told of a ticket, as a record of the internal topic."""

from typing import Final, NamedTuple

from streams.core.events import REQUESTER_TICKET
from streams.core.instants import format_rfc3339
from streams.core.requesters import Told, data_of
from streams.wire.codec import dumps

SOURCE: Final = "deskpulse/tickets"


class Written(NamedTuple):
    """Key and value of the record."""

    key: bytes
    value: bytes


def written(told: Told) -> Written:
    """The record: a CloudEvent in structured mode whose id is the same after any crash."""
    event = {
        "specversion": "1.0",
        "id": told.id,
        "source": SOURCE,
        "type": REQUESTER_TICKET,
        "subject": told.requester,
        "time": format_rfc3339(told.at),
        "sequence": told.version,
        "data": data_of(told.facts),
    }
    return Written(told.requester.encode(), dumps(event))
