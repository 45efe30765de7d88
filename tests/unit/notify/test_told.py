"""Reading a record of `sla-transitions`."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.announcing import Transition
from streams.core.instants import MINUTE
from streams.notify.told import told
from streams.wire.transitions import written
from tests.unit.notify.telling import NOW, say

BREACH = Transition(
    "id-1", "T1", "first_response", "desk/a", "e1", "gold", "breached", "", NOW,
    NOW - 15 * MINUTE, 15 * MINUTE, NOW, 15 * MINUTE,
    {"priority": "urgent", "queue": "billing", "status": "new"}, "id-0",
)  # fmt: skip


def record(**changes: Any) -> bytes:
    """The record of a breach, with some members changed."""
    said = json.loads(written(BREACH, detected_at=NOW + 300).value)
    return json.dumps({**said, **changes}).encode()


def test_what_the_worker_writes_is_read() -> None:
    assert told(record()) == say("breached", "id-1", refers_to="id-0")


def test_a_paused_clock_has_no_deadline_and_a_ticket_may_lack_attributes() -> None:
    found = told(record(deadline=None, attributes={}))
    assert (found.deadline, found.priority, found.queue) == (None, "", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "yesterday"},
        {"id": 7},
        {"ticket": None},
        {"instance": "e1"},
        {"elapsed": {}},
        {"target_s": "15m"},
        {"target_s": 1e308},
        {"attributes": {"queue": ["billing"]}},
        {"attributes": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_no_transition_is_a_value_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        told(record(**changes))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_rubbish_is_never_another_error(value: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        told(value)


@given(st.sampled_from(sorted(json.loads(record()))), JSON)
def test_a_wrong_member_is_read_or_refused(name: str, value: Any) -> None:
    with contextlib.suppress(ValueError):
        told(record(**{name: value}))
