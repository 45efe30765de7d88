"""The earliest of instants that come and go."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.aggregates import Oldest


@given(st.data())
def test_it_knows_the_earliest_and_how_many_there_are(data: st.DataObject) -> None:
    oldest = Oldest()
    present: list[int] = []
    for at in data.draw(st.lists(st.integers(0, 5), max_size=60)):
        leaves: bool = data.draw(st.booleans())
        if present and leaves:
            leaving = data.draw(st.sampled_from(present))
            present.remove(leaving)
            oldest.remove(leaving)
        else:
            present.append(at)
            oldest.add(at)
        assert oldest.first() == min(present, default=None)
        assert len(oldest) == len(present)


def test_what_came_and_went_behind_an_old_instant_is_not_kept() -> None:
    oldest = Oldest()
    oldest.add(0)
    for at in range(1, 1_000):
        oldest.add(at)
        oldest.remove(at)
    assert oldest.first() == 0
    assert len(oldest._heap) < 100
