"""Early warning, live: an unusual hour fires, the panels draw its band, the live view says so.

Two workers on a real broker, Prometheus and Alertmanager with the rules of `deploy/`; only their
waits are cut. Each worker sees a part of the tickets; what is judged is all of them.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from streams.core.instants import DAY, HOUR, MINUTE
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.deploy.dashboards import filled, panels
from tests.deploy.monitoring import Prometheus, Service, monitoring
from tests.deploy.pager import pager
from tests.kafka.workers import Application, application
from tests.tickets_told import created, event, reply

pytestmark = pytest.mark.prometheus

NOON_MS: Final = 1_774_440_000_000
"""Wednesday, 2026-03-25 12:00 UTC; the clocks change later."""
USUAL: Final = 40
NOW: Final = 150
Desk = tuple[Application, Prometheus, Service, list[str]]


@pytest.fixture(scope="module")
def desk(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("early")
    broker = Broker(embedded_broker, transactions=False)
    with pager() as paged, application(broker, folder, answered_by="reply") as app:
        ports = [app.start().port, app.start().port]
        with monitoring(folder, ports, paged) as (prometheus, alerts):
            ready = "count(count by (instance) (deskpulse_state_ready == 1))"
            app.wait(lambda: prometheus.value(ready) == 2, "two workers with partitions")
            app.publish([(str(e["subject"]).encode(), dumps(e), ()) for e in weeks()])
            urls = [f"http://127.0.0.1:{port}/metrics" for port in ports]
            yield app, prometheus, alerts, urls


def weeks() -> list[Any]:
    """The hour before noon of five Wednesdays: forty tickets each, in the last one 150.

    Each is answered within twenty minutes and rated; of the last Wednesday every other customer is
    dissatisfied. Something comes to every partition before all that, and after it.
    """
    found = [created(f"first-{n}", NOON_MS - 30 * DAY + n) for n in range(40)]
    for ago in range(4, -1, -1):
        for number in range(USUAL if ago else NOW):
            name, at = f"T{ago}-{number}", NOON_MS - ago * 7 * DAY - HOUR + (number + 1) * 20_000
            score = 1 if ago == 0 and number % 2 else 5
            survey = {"survey": name, "kind": "csat", "score": score, "scale": {"min": 1, "max": 5}}
            found += [
                created(name, at),
                reply(name, at + (number % 20) * MINUTE // 2),
                event(name, at + 10 * MINUTE, "survey.responded", **survey),
            ]
    found += [created(f"last-{n}", NOON_MS + 5 * MINUTE + n) for n in range(40)]
    return sorted(found, key=lambda one: str(one["time"]))


def test_what_is_unusual_fires_once_for_all_workers(
    desk: Desk,
) -> None:
    app, prometheus, alerts, _ = desk
    week = "sum by (week) (deskpulse_hour_created)"
    seen = {"0": NOW, "1": USUAL, "2": USUAL, "3": USUAL, "4": USUAL}
    app.wait(lambda: prometheus.by("week", week) == seen, "the hours of five weeks")
    parts = prometheus.by("instance", 'deskpulse_hour_created{week="0"}')
    assert len(parts) == 2
    assert all(0 < part < NOW for part in parts.values()), "each worker sees a part"

    def fired() -> dict[str, str]:
        found = alerts.get("/api/v2/alerts", filter='alertname="DeskpulseUnusual"') or []
        return {each["labels"]["signal"]: each["labels"]["direction"] for each in found}

    app.wait(lambda: fired() == {"inflow": "above", "csat": "below"}, "two alerts")


def test_the_panels_draw_the_line_and_its_band(
    desk: Desk,
) -> None:
    app, prometheus, _, _ = desk
    drawn = {
        shown.panel["title"]: {
            target["legendFormat"]: filled(target["expr"]) for target in shown.panel["targets"]
        }
        for shown in panels()
        if shown.panel["title"].endswith(" against its band")
    }
    assert len(drawn) == 3
    inflow = drawn["Inflow against its band"]
    # A scrape that one of the workers was too busy to answer leaves its part out for a moment.
    line = {"now": NOW, "usual": USUAL}

    def seen() -> dict[str, float | None]:
        return {legend: prometheus.value(inflow[legend]) for legend in line}

    app.wait(lambda: seen() == line, "the line of all workers")
    low = prometheus.value(inflow["below is unusual"])
    high = prometheus.value(inflow["above is unusual"])
    assert low is not None
    assert high is not None
    assert 0 < low < USUAL < high < NOW
    for expressions in drawn.values():
        for expression in expressions.values():
            assert prometheus.value(expression) is not None, expression


def test_the_live_view_says_the_same(
    desk: Desk,
) -> None:
    *_, urls = desk
    done = subprocess.run(
        [sys.executable, "-m", "streams", "top", "--once", *urls],
        check=True,
        capture_output=True,
        text=True,
    )
    assert f"unusual: tickets in an hour {NOW}, above" in done.stdout
    assert "unusual: CSAT of a day 50%, below" in done.stdout
