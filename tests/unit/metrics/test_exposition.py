"""What goes over the wire: valid in both formats, complete, and never too much."""

import itertools
import subprocess
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import DuplicateTimeseries

from streams.config import estimate_series
from streams.core.events import PRIORITIES, STATUSES
from streams.metrics.catalogue import CATALOGUE, CLOSED, families, is_shown
from streams.metrics.collector import Collector
from tests.unit.metrics.desk import HOUR, MINUTE, Desk, budget, with_policies

PROMISING = with_policies(
    {
        "name": "all",
        "calendar": "24x7",
        "objective": "99%",
        "targets": {"first_response": {"within": "30m", "warn": ["50%"]}},
    },
    annotations=[{"at": "2026-01-01", "text": "release 4.2"}],
    scorecards={
        "starter": {},
        "conflicts": {},
        "guarded": {
            "goals": [
                {"kpi": "pickup", "comparator": "<", "goal": "1h", "warn_at": "30m"},
                {"kpi": "handle_time", "comparator": "improves", "guard": ["csat"]},
            ]
        },
    },
    max_series=2_400,
)
"""The default budgets, a promise, and goals."""


@pytest.fixture(scope="module")
def stressed() -> Desk:
    """100 queues, every status, priority, role, outcome and reason, more of all than has room."""
    desk = Desk(PROMISING).own(*range(30))
    for partition in range(30):
        # So that there is a day to compare with the one a week ago.
        desk.receive(partition, desk.event("old", "ticket.merged", 48 * HOUR, into="T0"))
    cells = itertools.cycle(
        itertools.product(
            [*sorted(STATUSES), "weird"],
            [*sorted(PRIORITIES), "weird", None],
            [f"channel {number}" for number in range(20)],
        )
    )
    for number in range(3_000):
        status, priority, channel = next(cells)
        ticket, partition = f"T{number}", number % 30
        place = {"queue": f"queue {number % 100}\n", "priority": priority, "channel": channel}
        source = f"source/{number % 40}"
        if number % 50 == 0:
            place.pop("queue")
        desk.receive(
            partition,
            desk.event(ticket, "ticket.created", 2 * HOUR, source=source, status="new", **place),
            desk.event(ticket, "ticket.updated", HOUR, status=status, assignee="a"),
            *(desk.reply(ticket, role) for role in ("agent", "bot", "requester")[: number % 4]),
        )
    created = desk.event("T1", "ticket.created", MINUTE)
    for message in (created, created, ("x", b"{"), desk.event("T1", "ticket.updated", 9**12)):
        desk.receive(1, message)
    for kind in ("replied", "worked", "merged", "cost", "reviewed"):
        desk.receive(1, desk.event("T1", f"ticket.{kind}"))
    desk.commit()
    return desk


def series(desk: Desk) -> Counter[str]:
    """How many series each metric really has, as Prometheus counts them."""
    return Counter(
        {name: len(family.samples) for name, family in desk.families().items() if family.samples}
    )


def test_a_stressed_worker_stays_within_its_series_and_within_the_estimate(stressed: Desk) -> None:
    found = series(stressed).total()
    config = stressed.config
    assert found <= estimate_series(config, families(config), CLOSED) <= config.max_series
    assert found > 0.8 * config.max_series, "it was under stress"


def test_no_metric_has_more_series_than_its_own_estimate(stressed: Desk) -> None:
    allowed: Counter[str] = Counter()
    for family in families(stressed.config):
        name = family.metric.removesuffix("_total")
        allowed[name] += estimate_series(stressed.config, [family], CLOSED)
    for name, count in series(stressed).items():
        assert count <= allowed[name], name


def test_a_stressed_worker_has_samples_of_every_metric(stressed: Desk) -> None:
    families = stressed.families()
    shown = [metric for metric in CATALOGUE if is_shown(metric, stressed.config)]
    assert [metric.name for metric in shown] == [
        name.removeprefix("deskpulse_") for name, family in families.items() if family.samples
    ]
    for metric in shown:
        family = families[f"deskpulse_{metric.name}"]
        assert family.documentation == metric.help
        assert family.type == metric.kind
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
            assert sample.timestamp is None, "it would outlive its partition"


def test_the_cells_of_a_queue_stand_together(stressed: Desk) -> None:
    samples = stressed.families()["deskpulse_tickets_active"].samples
    cells = [
        tuple(sample.labels[name] for name in ("queue", "priority", "status")) for sample in samples
    ]
    assert cells == sorted(cells)


def test_less_room_means_fewer_names_not_more_series() -> None:
    config = budget(10)
    full = estimate_series(config, families(config), CLOSED)
    tight = Desk(type(config)(max_series=full - 500)).own(0)
    for number in range(12):
        tight.receive(0, tight.event(f"T{number}", "ticket.created", queue=f"q{number:02}"))
    tight.commit()
    assert series(tight).total() <= full - 500
    shown = tight.samples("tickets_unassigned")
    assert 2 < len(shown) < 11
    assert sum(shown.values()) == 12


def test_the_text_format_says_the_same_as_openmetrics(stressed: Desk) -> None:
    def values(found: object) -> dict[tuple[str, ...], float]:
        return {
            (sample.name, *map(str, sorted(sample.labels.items()))): sample.value
            for family in found  # type: ignore[attr-defined]
            for sample in family.samples
            # Between two scrapes these two go on.
            if not any(name in sample.name for name in ("collect_duration", "memory_used"))
        }

    text = generate_latest(stressed.registry()).decode()
    assert values(parse_text(text)) == values(stressed.families().values())


def test_a_label_value_cannot_break_a_line_out_of_the_text() -> None:
    desk = Desk().own(0)
    evil = 'a"} 1\ndeskpulse_tickets_active{queue="\\'
    desk.receive(0, desk.event("T1", "ticket.created", queue=evil))
    desk.commit()
    cleaned = 'a"} 1 deskpulse_tickets_active{queue="\\'
    assert desk.samples("tickets_unassigned") == {(cleaned,): 1}


def test_an_empty_worker_exports_valid_text_too() -> None:
    desk = Desk()
    assert desk.samples("build_info")
    shown = [metric for metric in CATALOGUE if is_shown(metric, desk.config)]
    assert set(desk.families()) == {f"deskpulse_{metric.name}" for metric in shown}


def test_a_registry_knows_the_names_before_the_first_scrape() -> None:
    desk = Desk()
    registry = desk.registry()
    with pytest.raises(DuplicateTimeseries):
        registry.register(Collector(desk.config))
    assert isinstance(registry, CollectorRegistry)


@pytest.mark.prometheus
def test_prometheus_finds_nothing_to_mend(stressed: Desk) -> None:
    """Complaints come on standard error, and with some versions only there."""
    text = generate_latest(stressed.registry())
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
