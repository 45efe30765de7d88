"""The tables of early warning: the same hour of the last weeks, and what is usual."""

from collections.abc import Mapping

from streams.config.model import EarlyWarning
from streams.core.usual import Weeks
from streams.metrics.table import Labels


def compared(weeks: Weeks, early: EarlyWarning) -> dict[str, Mapping[Labels, float]]:
    """One value for each week that is known; none where now is not."""
    if not early.weeks:
        return {}
    known = {(str(ago),): week for ago, week in enumerate(weeks) if week is not None}
    return {
        "hour_created": {labels: week.created for labels, week in known.items()},
        "hour_first_responses": {labels: sum(week.responses) for labels, week in known.items()},
        "hour_first_response_weighted_seconds": {
            labels: week.p90 * sum(week.responses) for labels, week in known.items()
        },
        "day_csat": {labels: week.answered for labels, week in known.items()},
        "day_csat_satisfied": {labels: week.satisfied for labels, week in known.items()},
        "early_warning_min_known": {(): early.min_weeks},
        "early_warning_min_sample": {(): early.min_sample},
        "early_warning_band": {(): early.band},
    }
