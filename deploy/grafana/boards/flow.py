"""The dashboard of flow: what comes in, what goes out, how fast, and what comes back."""

from boards import Board, Panel, Row
from boards.promql import WINDOW, by_queue, kpi, metric, per_queue, percentiles, window

COUNTED = (
    "of those that the workers counted in the window: old ones too while they read a backlog. "
    "Interpolated between bucket edges; every target is an edge."
)

BOARD = Board(
    "deskpulse-flow",
    "Deskpulse: flow",
    "What comes in, what goes out, how fast, and what comes back.",
    (
        Row(
            "In and out in the last $window",
            (
                Panel(
                    "Inflow and outflow",
                    "Tickets created, resolved and reopened in the trailing window, by event time.",
                    "short",
                    {what: f"sum({window(what)})" for what in ("created", "resolved", "reopened")},
                ),
                Panel(
                    "Net flow by queue",
                    "Created minus resolved in the trailing window: above 0 the queue grows.",
                    "short",
                    by_queue(f"{per_queue(window('created'))} - {per_queue(window('resolved'))}"),
                ),
                Panel(
                    "Created by queue",
                    "Tickets created in the trailing window.",
                    "short",
                    by_queue(per_queue(window("created"))),
                ),
                Panel(
                    "Resolved by queue",
                    "Resolutions in the trailing window.",
                    "short",
                    by_queue(per_queue(window("resolved"))),
                ),
            ),
        ),
        Row(
            "Speed in the last $window",
            (
                Panel(
                    "First response time",
                    f"Wall-clock time from creation to the first response, {COUNTED}",
                    "s",
                    percentiles(kpi("first_response_seconds_bucket"), 50, 90),
                ),
                Panel(
                    "Pickup time",
                    "Wall-clock time from creation to the first assignee, of all queues, "
                    f"{COUNTED}",
                    "s",
                    percentiles(metric("pickup_seconds_bucket"), 50, 90),
                ),
                Panel(
                    "Resolution time",
                    f"Wall-clock time from creation to each resolution, {COUNTED}",
                    "s",
                    percentiles(kpi("resolution_seconds_bucket"), 50, 90),
                ),
            ),
        ),
        Row(
            "Hands in the last $window",
            (
                Panel(
                    "Replies",
                    "Public replies by human agents and public messages of requesters in the "
                    "trailing window, of all queues.",
                    "short",
                    {
                        "agents": f"sum({metric('window_agent_replies', WINDOW)})",
                        "requesters": f"sum({metric('window_requester_messages', WINDOW)})",
                    },
                ),
                Panel(
                    "Transfers by queue",
                    "Moves out of the queue to another one in the trailing window.",
                    "short",
                    by_queue(per_queue(window("transferred"))),
                ),
                Panel(
                    "Reopen rate by queue",
                    "Reopens / resolutions in the trailing window; nothing where none was "
                    "resolved. Read it beside the counts: one of two is 50 % as well.",
                    "percentunit",
                    by_queue(
                        f"{per_queue(window('reopened'))} / ({per_queue(window('resolved'))} > 0)"
                    ),
                ),
                Panel(
                    "Requesters waiting by queue",
                    "Active tickets whose requester waits for a reply, now.",
                    "short",
                    by_queue(per_queue(kpi("tickets_unattended"))),
                ),
            ),
        ),
    ),
)
