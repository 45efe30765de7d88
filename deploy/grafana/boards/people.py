"""The dashboard of people: what they have to do, what they did, and how well reviewers find it.

It names no agent: whatever is about one person is in the report and in nobody's Prometheus. What
workers show with `metrics.agents` and `metrics.customers` only is empty without.
"""

from boards import Board, Panel, Row
from boards.promql import by_queue, kpi, metric, per_queue
from boards.quality import IN, WINDOW, number, queues

HANDLED = per_queue(kpi("window_handled_seconds", WINDOW))
TOUCHED = per_queue(kpi("window_touched", WINDOW))
PRESENT = per_queue(kpi("agents", 'state=~"online|busy"'))
SHIFTS = per_queue(kpi("agents_scheduled"))
PROMISED = f"({per_queue(kpi('cover_promised'), 'max')} or {SHIFTS} > bool 0) == 1"
MIN_STAFF = f"max({metric('cover_min_staff')})"
AGENTS = "Only with metrics.agents."
CUSTOMERS = "Only with metrics.customers."


def worked(*measures: str, by: str = "") -> str:
    """Time of agents, of several measures together."""
    return " + ".join(f"sum{by}({kpi(f'window_{name}_seconds', WINDOW)})" for name in measures)


def share(top: str, bottom: str) -> str:
    """A fraction; nothing where there is nothing to divide by."""
    return f"{top} / ({bottom} > 0)"


def customers(name: str, *labels: str, by: str = "") -> str:
    """A figure of customers, of all workers."""
    return f"sum{by}({metric(name, *labels)})"


BY_PERIOD = " by (period) "
BY_CHANNEL = " by (channel) "
ADHERENCE = share(worked("within_shift"), worked("scheduled"))
OCCUPANCY = share(worked("handled"), f"({worked('within_shift', 'overtime')})")

BOARD = Board(
    "deskpulse-people",
    "Deskpulse: people",
    "Agents by queue, and customers. Shifts and presence are shown by workers with metrics.agents, "
    "customers by those with metrics.customers; single agents, gaps one by one and retention after "
    "support are in the report.",
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
            "Who is there, now",
            (
                Panel(
                    "Present by queue",
                    f"Agents who are online or busy. {AGENTS}",
                    "short",
                    by_queue(PRESENT),
                ),
                Panel(
                    "On shift by queue",
                    f"Agents whose shift is now, absent or not. {AGENTS}",
                    "short",
                    by_queue(SHIFTS),
                ),
                Panel(
                    "Agents by state",
                    f"What those who are not offline do. {AGENTS}",
                    "short",
                    {"{{state}}": f"sum by (state) ({kpi('agents')})"},
                ),
                Panel(
                    "Without cover by queue",
                    "How many agents are missing to min_staff in promised hours: those of the "
                    f"queue's policy, else of its shifts. {AGENTS}",
                    "short",
                    by_queue(
                        f"(scalar({MIN_STAFF}) - ({PRESENT}) > 0) and on (queue) ({PROMISED})"
                    ),
                ),
            ),
        ),
        Row(
            f"Hours {IN}",
            (
                Panel(
                    "Adherence and occupancy",
                    "Time present of the time scheduled; handling time of the time present, in "
                    f"shifts or not. {AGENTS}",
                    "percentunit",
                    {"adherence": ADHERENCE, "occupancy": OCCUPANCY},
                ),
                Panel(
                    "Lost hours by reason",
                    f"Time of shifts in which the agent was not present. {AGENTS}",
                    "s",
                    {"{{reason}}": f"sum by (reason) ({kpi('window_lost_seconds', WINDOW)})"},
                ),
                Panel(
                    "Lost hours by queue",
                    f"The same by the queue of the shift. {AGENTS}",
                    "s",
                    by_queue(per_queue(kpi("window_lost_seconds", WINDOW))),
                ),
                Panel(
                    "Quality by criterion",
                    "Mean of score / max of each criterion of quality reviews, of all queues. "
                    f"{AGENTS}",
                    "percentunit",
                    {
                        "{{criterion}}": share(
                            f"sum by (criterion) ({metric('window_criterion_points', WINDOW)})",
                            f"sum by (criterion) ({metric('window_criterion', WINDOW)})",
                        )
                    },
                ),
            ),
        ),
        Row(
            "Customers, of the periods of now",
            (
                Panel(
                    "Retention",
                    "Customers of the period before who are customers of this one so far, and "
                    "those of this one who were before. "
                    f"{CUSTOMERS}",
                    "percentunit",
                    {
                        "retained, {{period}}": share(
                            customers("customers_retained", by=BY_PERIOD),
                            customers("customers_before", by=BY_PERIOD),
                        ),
                        "returning, {{period}}": share(
                            customers("customers_returning", by=BY_PERIOD),
                            customers("customers", by=BY_PERIOD),
                        ),
                    },
                ),
                Panel(
                    "Repurchase and churn",
                    "Customers with two purchases or more of those with one, ever; times that a "
                    f"customer left, ever. {CUSTOMERS}",
                    "short",
                    {
                        "repurchase": share(
                            customers("customers_repurchased"), customers("customers_purchased")
                        ),
                        "churned": customers("customers_churned"),
                    },
                ),
                Panel(
                    "Contacts per customer",
                    "Tickets per requester of this month, and requesters with several. "
                    f"{CUSTOMERS}",
                    "short",
                    {
                        "tickets per requester": share(
                            customers("requesters_tickets"), customers("requesters")
                        ),
                        "with several": share(
                            customers("requesters_repeated"), customers("requesters")
                        ),
                        "repeat contacts": share(
                            customers("requesters_repeat_contacts"),
                            customers("requesters_tickets"),
                        ),
                    },
                ),
                Panel(
                    "Speed of answer by channel",
                    "Mean wait of contacts that were answered, of the last seven days. "
                    f"{CUSTOMERS}",
                    "s",
                    {
                        "{{channel}}": share(
                            customers("contacts_waited_seconds", by=BY_CHANNEL),
                            customers("contacts_answered", by=BY_CHANNEL),
                        )
                    },
                ),
                Panel(
                    "Abandonment by channel",
                    "Contacts abandoned of those that began to wait in the last seven days. "
                    f"{CUSTOMERS}",
                    "percentunit",
                    {
                        "{{channel}}": share(
                            customers("contacts_abandoned", by=BY_CHANNEL),
                            customers("contacts_queued", by=BY_CHANNEL),
                        )
                    },
                ),
            ),
        ),
        Row(
            f"Work by queue {IN}",
            (
                Panel(
                    "Time handled by queue",
                    "Handling time that was recorded, whoever did it.",
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
