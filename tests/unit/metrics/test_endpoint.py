"""The HTTP endpoint, over real sockets on a free port."""

import gzip
import http.client
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from streams.config import Config
from streams.config.model import Metrics
from streams.errors import UserError
from streams.metrics import Exporter
from streams.metrics.exporter import LIVE_WITHIN
from tests.unit.metrics.desk import START, Desk

ANY_PORT = replace(Config(), metrics=Metrics(port=0))


class Clock:
    now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exporter(clock: Clock) -> Iterator[Exporter]:
    with Exporter(ANY_PORT, clock) as running:
        yield running


@pytest.fixture
def desk() -> Desk:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    return desk


def get(exporter: Exporter, path: str, **headers: str) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer."""
    connection = http.client.HTTPConnection(urlsplit(exporter.url).netloc, timeout=5)
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.getheader("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return answer.status, answer.getheader("Content-Type") or "", body


def test_metrics_are_served_in_the_format_that_is_asked_for(exporter: Exporter, desk: Desk) -> None:
    exporter.show(desk.partitions)
    assert exporter.url.endswith("/metrics")
    status, kind, body = get(exporter, "/metrics")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert b'deskpulse_tickets_unassigned{queue="pay"} 1.0' in body
    wanted = "application/openmetrics-text; version=1.0.0"
    status, kind, body = get(exporter, "/metrics", Accept=wanted)
    assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_a_scrape_may_be_compressed(exporter: Exporter) -> None:
    status, _, body = get(exporter, "/metrics", Accept_Encoding="gzip")
    assert status == 200
    assert b"deskpulse_build_info" in body


def test_a_scrape_shows_the_latest_picture(exporter: Exporter, desk: Desk) -> None:
    exporter.show(desk.partitions)
    desk.receive(0, desk.event("T2", "ticket.created", queue="pay"))
    line = b'deskpulse_tickets_unassigned{queue="pay"}'
    assert line + b" 1.0" in get(exporter, "/metrics")[2]
    exporter.show(desk.partitions)
    assert line + b" 2.0" in get(exporter, "/metrics")[2]


def test_a_worker_is_ready_when_all_its_partitions_are_restored(
    exporter: Exporter, desk: Desk
) -> None:
    assert get(exporter, "/ready")[::2] == (503, b"0 of 0 partitions restored\n")
    desk.own(1).partitions.owned[1].ready = False
    exporter.show(desk.partitions)
    assert get(exporter, "/ready")[::2] == (503, b"1 of 2 partitions restored\n")
    desk.partitions.owned[1].ready = True
    exporter.show(desk.partitions)
    assert get(exporter, "/ready")[::2] == (200, b"2 of 2 partitions restored\n")


def test_a_worker_whose_loop_stands_still_is_not_live(
    exporter: Exporter, clock: Clock, desk: Desk
) -> None:
    clock.now += LIVE_WITHIN
    assert get(exporter, "/live")[::2] == (200, b"live\n")
    clock.now += 1_000
    assert get(exporter, "/live")[::2] == (503, b"no commit cycle for 121 s\n")
    exporter.show(desk.partitions)
    assert get(exporter, "/live")[0] == 200


def test_the_index_names_what_there_is_and_nothing_else_exists(exporter: Exporter) -> None:
    status, _, body = get(exporter, "/")
    assert (status, body) == (200, b"Deskpulse\n/metrics\n/live\n/ready\n")
    assert get(exporter, "/table/tickets")[0] == 404


def test_a_client_that_hangs_keeps_nobody_waiting(exporter: Exporter) -> None:
    where = urlsplit(exporter.url)
    with socket.create_connection((where.hostname, where.port or 0), timeout=5):
        assert get(exporter, "/")[0] == 200


def test_a_port_that_is_taken_is_told_in_one_line_with_what_to_do(exporter: Exporter) -> None:
    taken = urlsplit(exporter.url).port or 0
    with pytest.raises(UserError) as told:
        Exporter(replace(Config(), metrics=Metrics(port=taken)))
    text = str(told.value)
    assert f"127.0.0.1:{taken} cannot be opened (Address already in use)" in text
    assert "set metrics.port" in text
    assert "\n" not in text


def test_an_address_of_another_machine_is_told_too() -> None:
    with pytest.raises(UserError, match=r"192\.0\.2\.1:0 cannot be opened .* metrics\.bind"):
        Exporter(replace(Config(), metrics=Metrics(bind="192.0.2.1", port=0)))


def test_the_port_is_free_again_afterwards() -> None:
    with Exporter(ANY_PORT) as exporter:
        port = urlsplit(exporter.url).port or 0
    with Exporter(replace(Config(), metrics=Metrics(port=port))) as again:
        assert get(again, "/")[0] == 200
