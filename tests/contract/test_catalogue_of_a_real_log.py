"""Every figure of the catalogue on the Italian helpdesk's log: the engine against the model.

The laws compare both on a handful of drawn tickets; here are 4,580 lived ones over four years.
"""

import pytest

from streams.core.instants import DAY
from tests.laws.catalogues import of_engine, of_reference
from tests.laws.driving import Rules, engine
from tests.reference import logs

pytestmark = pytest.mark.shared

EVER = 10 * 366 * DAY
"""No ticket is dropped: of those, single hours and days are not kept."""


def test_engine_and_model_agree_on_every_figure_of_the_italian_log() -> None:
    events, rules = list(logs.helpdesk()), Rules.of(forgotten=EVER)
    found = of_engine(engine(events, rules).books(), rules)
    expected = of_reference(events, rules)
    assert len(events) > 21_000
    assert found["by"]["queue"].keys() == expected["by"]["queue"].keys()
    assert sum(found["volume"]["by_hour_of_week"].values()) == 4_502
    assert found.keys() == expected.keys()
    for part in expected:
        assert found[part] == expected[part], part
