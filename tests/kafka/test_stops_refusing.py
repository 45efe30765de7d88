"""A worker on a real broker that is fed the wrong topic stops, again and again at one record."""

from pathlib import Path

from streams.wire.codec import dumps
from streams.wire.deadletters import details
from tests.brokers import Broker
from tests.kafka.reading import read_topic
from tests.kafka.workers import PATIENCE_S, Application, application

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "ticket.created",
    "subject": "T-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {},
}
BOUND = "dead_letters: {max_run: 20}\n"


def stopped(app: Application) -> str:
    """Start a worker that has to stop by itself; returns the last line it says."""
    worker = app.start()
    worker.may_end = True
    assert worker.process.wait(PATIENCE_S) == 1, worker.log.read_text()
    log = worker.log.read_text()
    assert "Traceback" not in log
    return next(line for line in log.splitlines() if "stopping" in line)


def letters(app: Application) -> list[int]:
    found = read_topic(app, app.config.topics.dead_letters)
    return sorted(int(details(record.headers)["offset"]) for record in found)


def test_it_stops_until_somebody_says_go_on(broker: Broker, tmp_path: Path) -> None:
    last = dumps(EVENT | {"id": "2"})
    with application(broker, tmp_path, BOUND) as app:
        app.publish([(b"T-1", dumps(EVENT), ()), *[(b"T-1", b"<html>", ())] * 50])
        app.publish([(b"T-1", last, ())])
        for _ in range(2):
            said = stopped(app)
            assert f"of {app.config.topics.source}: 20 records in a row were refused" in said
            assert "offset 21 (json)" in said
            assert letters(app) == list(range(1, 21))
        settings = app.folder / "deskpulse.yml"
        settings.write_text(settings.read_text().replace(BOUND, "dead_letters: {max_run: 99}\n"))
        app.start()
        app.wait_until_read(52)
        app.stop()
        assert letters(app) == list(range(1, 51))
        assert app.report()["events"]["rejected"] == {"json": 50}
