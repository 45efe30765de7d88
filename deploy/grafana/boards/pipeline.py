"""The dashboard of the pipeline: whether the other three can be believed."""

from boards import Board, Panel, Row
from boards.now import FRESH
from boards.promql import age, metric, percentiles

RATE = "$__rate_interval"


def per_second(name: str, label: str) -> dict[str, str]:
    """How fast a counter grows, by a label."""
    return {f"{{{{{label}}}}}": f"sum by ({label}) (rate({metric(name)}[{RATE}]))"}


def worst(name: str) -> dict[str, str]:
    """The higher value of each partition."""
    return {"{{partition}}": f"max by (partition) ({metric(name)})"}


BOARD = Board(
    "deskpulse-pipeline",
    "Deskpulse: pipeline",
    "Can the other dashboards be believed?",
    (
        Row(
            "Trust",
            (
                Panel(
                    "Age of the numbers",
                    "How far the slowest partition is behind now. All numbers are true as of then.",
                    "s",
                    {"age": age(f"min({metric('watermark_timestamp_seconds')})")},
                    FRESH,
                ),
                Panel(
                    "Partitions ready",
                    "Share of the workers' partitions that are restored. Below 100 % the tickets "
                    "of the others are missing from every panel.",
                    "percentunit",
                    {"ready": f"avg(min by (partition) ({metric('state_ready')}))"},
                    ((0.0, "red"), (1.0, "green")),
                ),
                Panel(
                    "Workers up",
                    "Workers that answer Prometheus / workers it asks.",
                    "percentunit",
                    {"up": 'avg(up{job=~"$job", instance=~"$instance"})'},
                    ((0.0, "red"), (1.0, "green")),
                ),
                Panel(
                    "Oldest commit",
                    "Since when the worker that wrote least recently has made nothing durable. "
                    "Without events there is nothing to write.",
                    "s",
                    {"age": age(f"min({metric('last_commit_timestamp_seconds')})")},
                ),
                Panel(
                    "Versions",
                    "Workers by the version they run; two only during an upgrade.",
                    "short",
                    {"{{version}}": f"count by (version) ({metric('build_info')})"},
                ),
            ),
            numbers=True,
        ),
        Row(
            "Progress",
            (
                Panel(
                    "Age of the numbers by partition",
                    "How far each partition is behind now.",
                    "s",
                    {
                        "{{partition}}": age(
                            f"min by (partition) ({metric('watermark_timestamp_seconds')})"
                        )
                    },
                ),
                Panel(
                    "Consumer lag, events",
                    "Events on Kafka that are not processed yet.",
                    "short",
                    worst("consumer_lag_events"),
                ),
                Panel(
                    "Consumer lag, time",
                    "The same lag in seconds.",
                    "s",
                    worst("consumer_lag_seconds"),
                ),
                Panel(
                    "Restored",
                    "1 where a partition is restored, 0 while it is being restored; no line where "
                    "no worker owns it.",
                    "short",
                    {"{{partition}}": f"min by (partition) ({metric('state_ready')})"},
                ),
            ),
        ),
        Row(
            "Events",
            (
                Panel(
                    "Events by outcome",
                    "Events read and made durable per second, by what became of them.",
                    "cps",
                    per_second("events_total", "outcome"),
                ),
                Panel(
                    "Dead letters by reason",
                    "Events refused per second; they wait on the topic `dead-letters` for their "
                    "producer to mend them.",
                    "cps",
                    per_second("dead_letters_total", "reason"),
                ),
                Panel(
                    "Late events and corrections",
                    "Per second: events too old to be applied, and facts already counted that "
                    "later events took back.",
                    "cps",
                    {
                        "late": f"sum(rate({metric('late_events_total')}[{RATE}]))",
                        "corrections": f"sum(rate({metric('corrections_total')}[{RATE}]))",
                    },
                ),
                Panel(
                    "Flags",
                    "Events per second that were not quite as they should be, and were applied.",
                    "cps",
                    per_second("events_flagged_total", "flag"),
                ),
            ),
        ),
        Row(
            "Delays",
            (
                Panel(
                    "Breach to announcement",
                    "From the instant of a breach to its acknowledged announcement on Kafka, in "
                    "the last $window. Caught up it is below a second.",
                    "s",
                    percentiles(metric("breach_detection_delay_seconds_bucket"), 50, 99),
                ),
                Panel(
                    "Age of the newest event by source",
                    "How long ago the newest event of a helpdesk happened.",
                    "s",
                    {
                        "{{source}}": age(
                            f"max by (source) ({metric('source_last_event_timestamp_seconds')})"
                        )
                    },
                ),
                Panel(
                    "Silent sources",
                    "1 where a helpdesk sends far less than usual at this hour of the week.",
                    "short",
                    {"{{source}}": f"min by (source) ({metric('source_silent')})"},
                ),
                Panel(
                    "Duration of a scrape",
                    "The slowest worker's, as it gathers and writes its metrics.",
                    "s",
                    {"slowest": f"max({metric('collect_duration_seconds')})"},
                ),
            ),
        ),
    ),
)
