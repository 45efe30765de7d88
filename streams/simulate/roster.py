"""Hiring: as many agents per queue as the expected work needs, with names and shifts."""

from collections.abc import Iterator
from itertools import cycle, islice
from math import ceil
from typing import Final

from streams.simulate.company import FIRST_LINE, SECOND_LINE, TEAMS
from streams.simulate.ticket import Agent, Shift

FIRST_NAMES: Final = (
    "ada", "bruno", "carla", "deniz", "elif", "felix", "greta", "hamid", "ines", "jonas", "kaya",
    "luca", "mara", "nils", "olga", "pavel", "rosa", "samir", "tilda", "uwe", "vera", "yusuf",
    "zoe",
)  # fmt: skip
LAST_NAMES: Final = (
    "adler", "brandt", "costa", "dorn", "ekici", "falk", "grau", "horn", "iwan", "jung", "kern",
    "lenz", "moser", "novak", "otto", "petri", "quast", "roth", "stark", "thal", "ulrich",
    "vogt", "wirth", "yildiz", "zander",
)  # fmt: skip

OFFICE_DAYS: Final = (0, 1, 2, 3, 4)
EARLY: Final = Shift(OFFICE_DAYS, 7 * 60, 11 * 60 + 30, 15 * 60 + 30)
LATE: Final = Shift(OFFICE_DAYS, 11 * 60 + 30, 15 * 60 + 30, 20 * 60)
SHIFTS: Final = (
    Shift(OFFICE_DAYS, 8 * 60 + 30, 12 * 60 + 15, 17 * 60),
    EARLY,
    LATE,
    Shift(OFFICE_DAYS, 9 * 60, 13 * 60, 17 * 60 + 30),
)
OFF_PEAK: Final = (EARLY, LATE)
DUTY_SHIFTS: Final = (
    Shift(OFFICE_DAYS, 16 * 60, 20 * 60, 24 * 60),
    Shift((0, 1, 2, 3), 20 * 60, 25 * 60, 31 * 60),
    Shift((4, 5, 6), 20 * 60, 25 * 60, 31 * 60),
    Shift((5, 6), 7 * 60 + 30, 13 * 60, 20 * 60),
)
"""Evenings, nights and weekends: generalists who work every first-line queue."""
PAID_MIN: Final = 480 - 30
"""Minutes of a shift without the break."""
PRESENT: Final = 0.95
"""Of the planned time; the rest is lost to sick leave, vacation, training and changes."""
DUTY_TICKETS: Final = 300
"""Tickets per working day for each generalist of a duty shift."""
VISITS: Final = 1.0
"""Handlings of a ticket that fall to its team: 1.3 on average, a quarter of them off hours."""
NO_COVER_VISITS: Final = 1.3
"""The same for a team whose work waits until it is back."""
MEAN_OF_MEDIAN: Final = 1.2
"""Mean over median of a handling time (lognormal, sigma 0.6)."""


KNOWLEDGE: Final = (0.9, 0.8, 0.85, 0.7, 0.95, 0.8, 0.5, 0.9, 0.75, 0.85)
"""Of the product, by agent: most know it well, one in ten is new."""
UNTRAINED: Final = 0.2


def hire(scale: float, untrained: str = "") -> tuple[Agent, ...]:
    """The whole staff of a desk with so many tickets a working day; at least one per queue.

    The agents of the team `untrained` know little of the product.
    """
    names, shifts, knowledge = _names(), cycle(SHIFTS), cycle(KNOWLEDGE)
    regular = [
        Agent(
            next(names),
            name,
            _helps(name, shift),
            shift,
            next(knowledge) if name != untrained else UNTRAINED,
        )
        for name in TEAMS
        for shift in islice(shifts, _heads(name, scale))
    ]
    duty = [
        Agent(next(names), "duty", tuple(FIRST_LINE), shift, next(knowledge))
        for shift in DUTY_SHIFTS
        for _ in range(ceil(scale / DUTY_TICKETS))
    ]
    return tuple(regular + duty)


def _heads(name: str, scale: float) -> int:
    """Agents whose planned load is the team's share of a week's work."""
    team = TEAMS[name]
    share = team.share or sum(first.share * first.escalates for first in TEAMS.values())
    visits = VISITS if team.share else NO_COVER_VISITS
    day_min = scale * share * visits * team.handle_min * MEAN_OF_MEDIAN
    return ceil(day_min / (team.load * PAID_MIN * PRESENT))


def _helps(name: str, shift: Shift) -> tuple[str, ...]:
    """Before and after office hours few are in, and those serve every queue."""
    if shift not in OFF_PEAK or name == SECOND_LINE:
        return ()
    return tuple(other for other in FIRST_LINE if other != name)


def _names() -> Iterator[str]:
    """Distinct names without end; a number is appended once all pairs are used."""
    total = len(FIRST_NAMES) * len(LAST_NAMES)
    number = 0
    while True:
        # 23 and 25 have no common divisor, so that the pairs repeat only after all of them.
        first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number % len(LAST_NAMES)]
        suffix = "" if number < total else str(number // total + 1)
        yield f"{first}.{last}{suffix}"
        number += 1
