"""The dashboard of promises: are they kept, how long the budget lasts, and who spent it.

Windows are open time of the policy's calendar: the last `1h` at 08:10 began yesterday.
"""

from boards import Board, Panel, Row
from boards.promql import (
    QUEUE,
    WINDOW,
    by_promise,
    by_queue,
    increase,
    per_promise,
    per_queue,
    sla,
)

KEPT = (
    "Deadlines met / all deadlines in the trailing window of open time, by the deadline: a "
    "ticket that still waits counts from its deadline on. Nothing where no deadline was."
)
SPENT = (
    "Working time of clocks that stopped in the window, by where it was spent: it adds up to "
    "all of it."
)


WORKING = 'time="working"'
BREACHED = 'transition="breached"'


def outcomes(span: str, outcome: str = ".*") -> str:
    """The promises of each policy and clock with a deadline in the window."""
    labels = (f'window="{span}"', WORKING, f'outcome=~"{outcome}"')
    return per_promise(sla("window", *labels))


def burn(span: str) -> str:
    """How many times faster than the objective allows; 1 spends just the budget."""
    share = f"{outcomes(span, 'breached_.*')} / ({outcomes(span)} > 0)"
    budget = f"(1 - {per_promise(sla('objective_ratio'), 'max')})"
    return f"{share} / {budget}"


def attainment(span: str) -> str:
    """The share of promises kept."""
    return f"{outcomes(span, 'met')} / ({outcomes(span)} > 0)"


BOARD = Board(
    "deskpulse-promises",
    "Deskpulse: promises",
    "Are promises kept, how long will the error budget last, and who spent the time.",
    (
        Row(
            "Promises of the last $window of open time",
            (
                Panel("Attainment", KEPT, "percentunit", by_promise(attainment("$window"))),
                Panel(
                    "Objective",
                    "The share of promises that the policy wants kept.",
                    "percentunit",
                    by_promise(per_promise(sla("objective_ratio"), "max")),
                ),
                Panel(
                    "Error budget left",
                    "Of the promises that may be broken in 7d of open time, the share that is "
                    "left. Below 0 the objective is missed.",
                    "percentunit",
                    by_promise(f"1 - {burn('7d')}"),
                    ((-1_000.0, "red"), (0.0, "orange"), (0.25, "green")),
                ),
                Panel(
                    "Burn rate",
                    "Share of promises broken / share that the objective allows, in the window. "
                    "At 1 the budget lasts exactly, at 8 it is gone in a day.",
                    "short",
                    by_promise(burn("$window")),
                    ((0.0, "green"), (1.0, "orange"), (2.0, "red")),
                ),
            ),
            numbers=True,
        ),
        Row(
            "Course",
            (
                Panel(
                    "Attainment over time", KEPT, "percentunit", by_promise(attainment("$window"))
                ),
                Panel(
                    "Burn rate of 1h and 24h",
                    "Alerts watch both: 1h says that it burns now, 24h that it matters.",
                    "short",
                    {f"{{{{policy}}}} {{{{clock}}}} {span}": burn(span) for span in ("1h", "24h")},
                ),
                Panel(
                    "Outcomes",
                    "Deadlines in the trailing window of open time by what became of them; "
                    "`breached_open` still waits. Read shares beside these counts.",
                    "short",
                    {"{{outcome}}": f"sum by (outcome) ({sla('window', WINDOW, WORKING)})"},
                ),
                Panel(
                    "Verdicts",
                    "Announcements in the window; a `retracted` one was undone by an event that "
                    "came late.",
                    "short",
                    {
                        "{{transition}}": "sum by (transition) "
                        f"({increase(sla('transitions_total', QUEUE))})"
                    },
                ),
            ),
        ),
        Row(
            "Who spent the time in the last $window",
            (
                Panel(
                    "Time spent by queue",
                    SPENT,
                    "s",
                    by_queue(per_queue(increase(sla("spent_seconds_total", QUEUE)))),
                ),
                Panel(
                    "Time spent by status",
                    SPENT,
                    "s",
                    {
                        "{{status}}": "sum by (status) "
                        f"({increase(sla('spent_by_status_seconds_total'))})"
                    },
                ),
                Panel(
                    "Breaches by queue",
                    "Breaches announced in the window, by the queue the ticket was in then.",
                    "short",
                    by_queue(per_queue(increase(sla("transitions_total", QUEUE, BREACHED)))),
                ),
            ),
        ),
    ),
)
