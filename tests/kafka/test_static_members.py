"""Workers with a name of their own: a restart is no rebalance."""

import signal
from pathlib import Path

import pytest

from streams.kafka.publish import Message
from streams.simulate import Scenario, generate
from tests.brokers import Broker
from tests.kafka.workers import Application, Worker, application

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""


def messages() -> list[Message]:
    scenario = Scenario(MONDAY_MS, days=0.5, scale=200, warm_up_days=0)
    return [(each.key, each.value, tuple(each.headers)) for each in generate(scenario)]


def restored(worker: Worker) -> list[str]:
    """Every time that a partition of tickets was taken over."""
    lines = worker.log.read_text().splitlines()
    return [line for line in lines if " restored: " in line and " tickets" in line]


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGKILL])
def test_a_named_worker_that_is_back_soon_disturbs_nobody(
    kafka_broker: str, tmp_path: Path, with_signal: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = messages()
    with application(Broker(kafka_broker, transactions=True), tmp_path) as app:
        settings = tmp_path / "deskpulse.yml"
        # Longer than a slow machine needs to start a worker again.
        settings.write_text(settings.read_text().replace("timeout: 6s", "timeout: 45s"))
        first = named(app, "one", monkeypatch)
        app.publish(sent[:500])
        app.wait_until_read(500)
        alone = len(restored(first))
        second = named(app, "two", monkeypatch)
        # Each takes its share over; the first gave all of it up for that.
        app.wait(
            lambda: len(restored(first)) >= alone + 2 and len(restored(second)) >= 2,
            "both workers to have partitions",
        )
        before, theirs = len(restored(first)), len(restored(second))
        second.end(with_signal)
        third = named(app, "two", monkeypatch)
        app.wait(lambda: len(restored(third)) == theirs, "it to have its partitions again")
        app.publish(sent[500:])
        app.wait_until_read(len(sent))
        assert len(restored(first)) == before, "the other went on undisturbed"
        app.stop()


def named(app: Application, name: str, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setenv("DESKPULSE_INSTANCE", name)
    return app.start()
