"""The dashboard of now: what is open, what is nearly too late, and what already is."""

from boards import Board, Panel, Row
from boards.promql import QUEUE, age, by_promise, by_queue, kpi, metric, per_promise, per_queue, sla

FRESH = ((0.0, "green"), (60.0, "orange"), (300.0, "red"))
"""Red from where the alert DeskpulseNumbersStale pages."""
ANY_IS_BAD = ((0.0, "green"), (1.0, "red"))

OPEN_TICKETS = {
    "Active tickets": ("tickets_active", "Neither resolved, closed, deleted nor merged."),
    "Unassigned": ("tickets_unassigned", "Active tickets that nobody has taken."),
    "Unanswered": ("tickets_unanswered", "Active tickets without a first response."),
}
"""Title: metric, meaning."""
OLDEST = (
    "How long the ticket that has waited longest for its first response has waited, "
    "in wall-clock time."
)
AT_RISK = "Running clocks past their first warn level: not late yet."
BREACHED = "Clocks past their deadline whose customer still waits."


def clocks(state: str) -> str:
    """The clocks of the chosen queues that are in a state."""
    return sla("clocks", QUEUE, f'state="{state}"')


def urgent(state: str) -> str:
    """The same of urgent tickets; those have no policy."""
    return kpi("sla_urgent_clocks", 'clock=~"$clock"', f'state="{state}"')


BOARD = Board(
    "deskpulse-now",
    "Deskpulse: now",
    "What is open, what is nearly too late, and what already is.",
    (
        Row(
            "Now",
            (
                *(
                    Panel(title, text, "short", {title.lower(): f"sum({kpi(name)})"})
                    for title, (name, text) in OPEN_TICKETS.items()
                ),
                Panel(
                    "Oldest unanswered",
                    OLDEST,
                    "s",
                    {"age": age(f"min({kpi('oldest_unanswered_timestamp_seconds')})")},
                ),
                Panel("At risk", AT_RISK, "short", {"clocks": f"sum({clocks('at_risk')})"}),
                Panel(
                    "Breached and open",
                    BREACHED,
                    "short",
                    {"clocks": f"sum({clocks('breached_open')})"},
                    ANY_IS_BAD,
                ),
                Panel(
                    "Urgent, breached and open",
                    "The same of tickets with priority `urgent`.",
                    "short",
                    {"clocks": f"sum({urgent('breached_open')})"},
                    ANY_IS_BAD,
                ),
                Panel(
                    "Age of the numbers",
                    "How far the slowest partition is behind now. All other panels are true as "
                    "of then.",
                    "s",
                    {"age": age(f"min({metric('watermark_timestamp_seconds')})")},
                    FRESH,
                ),
            ),
            numbers=True,
        ),
        Row(
            "Promises",
            (
                Panel(
                    "Deadlines to come",
                    "Running clocks whose deadline lies within the next 15 minutes, hour or "
                    "four hours. A high 1h is a wave that can still be met.",
                    "short",
                    {"within {{within}}": f"sum by (within) ({sla('due')})"},
                ),
                Panel(
                    "At risk by policy and clock",
                    AT_RISK,
                    "short",
                    by_promise(per_promise(clocks("at_risk"))),
                ),
                Panel(
                    "Breached and open by queue",
                    BREACHED,
                    "short",
                    by_queue(per_queue(clocks("breached_open"))),
                ),
                Panel(
                    "Urgent tickets by clock",
                    "Clocks of tickets with priority `urgent` that are at risk, or past their "
                    "deadline and still open.",
                    "short",
                    {
                        "{{clock}} at risk": f"sum by (clock) ({urgent('at_risk')})",
                        "{{clock}} breached": f"sum by (clock) ({urgent('breached_open')})",
                    },
                ),
            ),
        ),
        Row(
            "Queues",
            (
                *(
                    Panel(f"{title} by queue", text, "short", by_queue(per_queue(kpi(name))))
                    for title, (name, text) in OPEN_TICKETS.items()
                ),
                Panel(
                    "Oldest unanswered by queue",
                    OLDEST,
                    "s",
                    by_queue(age(per_queue(kpi("oldest_unanswered_timestamp_seconds"), "min"))),
                ),
            ),
        ),
    ),
)
