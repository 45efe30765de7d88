"""How hard the laws are tried.

100 examples of each, the same in every run, so that a run says something about a change. With
DESKPULSE_EXAMPLES=1000 there are a thousand, other ones each time.
"""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("DESKPULSE_EXAMPLES")

settings.register_profile(
    "laws",
    max_examples=int(EXAMPLES or 100),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("laws")
