"""The dashboard of people: what they have to do, what they did, and how well reviewers find it.

It names no agent: whatever is about one person is in the report and in nobody's Prometheus.
"""

from boards import Board, Panel, Row
from boards.promql import by_queue, kpi, metric, per_queue
from boards.quality import IN, WINDOW, number, queues

HANDLED = per_queue(kpi("window_handled_seconds", WINDOW))
TOUCHED = per_queue(kpi("window_touched", WINDOW))

BOARD = Board(
    "deskpulse-people",
    "Deskpulse: people",
    "The work of all agents together, by queue. Single agents, shifts and presence - lost hours, "
    "adherence, cover with its gaps, occupancy - are in the report, under people.",
    (
        Row(
            "Work done",
            (
                Panel(
                    f"Time handled {IN}",
                    "Handling time that was recorded.",
                    "s",
                    {"handled": f"sum({metric('window_handled_seconds', WINDOW)})"},
                ),
                *map(number, ("handle_time", "interaction_time", "quality_score", "error_rate")),
            ),
            numbers=True,
        ),
        Row(
            "What waits for hands, now",
            (
                Panel(
                    "Unassigned by queue",
                    "Active tickets that nobody has.",
                    "short",
                    by_queue(per_queue(kpi("tickets_unassigned"))),
                ),
                Panel(
                    "Requesters waiting by queue",
                    "Active tickets whose requester waits for a reply.",
                    "short",
                    by_queue(per_queue(kpi("tickets_unattended"))),
                ),
                Panel(
                    "Active by queue",
                    "Active tickets, assigned or not.",
                    "short",
                    by_queue(per_queue(kpi("tickets_active"))),
                ),
            ),
        ),
        Row(
            f"Work by queue {IN}",
            (
                Panel(
                    "Time handled by queue",
                    "Handling time that was recorded, whoever did it. How much of the time present "
                    "that is (occupancy) is in the report.",
                    "s",
                    by_queue(HANDLED),
                ),
                Panel(
                    "Tickets touched by queue",
                    "Tickets that were worked on.",
                    "short",
                    by_queue(TOUCHED),
                ),
                queues("handle_time"),
                Panel(
                    "Assignments and replies",
                    "Times a ticket got another assignee, and public replies by human agents, of "
                    "all queues.",
                    "short",
                    {
                        "assigned": f"sum({metric('window_assigned', WINDOW)})",
                        "replies": f"sum({metric('window_agent_replies', WINDOW)})",
                    },
                ),
            ),
        ),
    ),
)
