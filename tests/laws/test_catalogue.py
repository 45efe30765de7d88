"""The catalogue of the report is that of the reference model."""

from hypothesis import given

from tests import strategies
from tests.laws.catalogues import of_engine, of_reference
from tests.laws.driving import CloudEvent, Rules, engine

RULES = strategies.catalogue_settings().map(Rules.of)
ARRIVED = strategies.event_sets(catalogue=True).flatmap(strategies.arrivals)


@given(ARRIVED, RULES)
def test_the_catalogue_is_that_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules
) -> None:
    assert of_engine(engine(arrived, rules).books(), rules) == of_reference(arrived, rules)
