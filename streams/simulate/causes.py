"""What can be wrong in the simulated company: one cause for each named scenario, as data.

A usual week has its outages and its sick leave anyway. A cause comes on top, and whoever
looks at the numbers should find it: the tests of the scenarios count what it does.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class ScenarioName(StrEnum):
    """What a scenario can be called."""

    USUAL = "usual"
    PHONE_PEAK = "phone-peak"
    SLOW_CHANNEL = "slow-channel"
    RELEASE = "release"


class Cause(NamedTuple):
    """What differs from a usual week; nothing does unless it is named."""

    says: str
    """For people: what they should find."""
    untrained: str = ""
    """The team whose agents know little of the product, and whom many call at peak time."""
    fetched: str = ""
    """The channel whose tickets reach the desk only when somebody fetches them."""
    doubled: str = ""
    """The category that comes twice as often from the release on."""


CAUSES: Final[Mapping[ScenarioName, Cause]] = {
    ScenarioName.USUAL: Cause("nothing is wrong but what always is"),
    ScenarioName.PHONE_PEAK: Cause(
        "customers are stuck on the phone queue of payments at peak time, with agents who "
        "do not know the product",
        untrained="payments",
    ),
    ScenarioName.SLOW_CHANNEL: Cause(
        "what comes in by web is fetched by hand twice a working day, so it waits for long "
        "and is rated low",
        fetched="web",
    ),
    ScenarioName.RELEASE: Cause(
        "a release makes twice as many customers ask about login",
        doubled="login",
    ),
}
"""The named scenarios."""
