"""The lists of reasons and flags are closed, and nothing is on them in vain."""

from typing import Any

import pytest

from streams.core.events import Refused
from streams.wire.reasons import FLAGS, REASONS, REQUIRED_FIELDS, Flag, Reason
from tests.unit.wire.samples import PAYLOADS, arrival, event, paths


def test_every_reason_and_flag_has_its_sentence() -> None:
    assert set(REASONS) == {*Reason, *(f"missing:{name}" for name in REQUIRED_FIELDS)}
    assert set(FLAGS) == set(Flag)
    for sentence in (*REASONS.values(), *FLAGS.values()):
        assert sentence.endswith(".")


def _missing() -> set[str]:
    """What is refused when one field after the other is taken out of a full event."""
    found = set()
    for event_type in PAYLOADS:
        for path in paths(event(event_type))[1:]:
            without: Any = event(event_type)
            parent = without
            for name in path[:-1]:
                parent = parent[name]
            del parent[path[-1]]
            refused = arrival(without)
            if isinstance(refused, Refused):
                found.add(refused.reason)
    return found


def test_the_fields_that_can_be_missing_are_those_the_payloads_require() -> None:
    assert _missing() == {f"missing:{name}" for name in REQUIRED_FIELDS}


@pytest.mark.parametrize("name", sorted(Reason) + sorted(Flag))
def test_a_reason_fits_a_metric_label(name: str) -> None:
    assert name.replace("_", "").isalpha()
    assert name == name.lower()
