"""The HTTP endpoint, over real sockets on a free port."""

import gzip
import http.client
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from streams.cli import run
from streams.config import Config, ConfigError, Reference
from streams.config.model import Metrics
from streams.errors import UserError
from streams.metrics import Exporter
from tests.certificates import Authority
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
    told = b"1 of 2 partitions restored (to be restored: tickets 1)\n"
    assert get(exporter, "/ready")[::2] == (503, told)
    desk.partitions.owned[1].ready = True
    exporter.show(desk.partitions)
    assert get(exporter, "/ready")[::2] == (200, b"2 of 2 partitions restored\n")


def test_a_worker_whose_loop_stands_still_is_not_live(exporter: Exporter, clock: Clock) -> None:
    clock.now += 5_000
    assert get(exporter, "/live")[::2] == (200, b"live\n")
    clock.now += 1_000
    assert get(exporter, "/live")[::2] == (503, b"the event loop has stood still for 6 s\n")
    assert get(exporter, "/ready")[::2] == (503, b"the event loop has stood still for 6 s\n")
    exporter.beat("")
    assert get(exporter, "/live")[0] == 200


def test_a_worker_whose_commits_do_not_end_is_not_live(
    exporter: Exporter, clock: Clock, desk: Desk
) -> None:
    clock.now += Config().health.stalled
    exporter.beat("")
    assert get(exporter, "/live")[::2] == (200, b"live\n")
    clock.now += 1_000
    assert get(exporter, "/live")[::2] == (503, b"no commit cycle for 121 s\n")
    exporter.show(desk.partitions)
    assert get(exporter, "/live")[0] == 200


def test_a_worker_that_stops_by_itself_says_why(exporter: Exporter, desk: Desk) -> None:
    exporter.show(desk.partitions)
    exporter.beat("StalledError: partition 0 has not got on")
    exporter.beat("")
    told = b"stopping: StalledError: partition 0 has not got on\n"
    assert get(exporter, "/live")[::2] == get(exporter, "/ready")[::2] == (503, told)


def test_agents_customers_and_requesters_have_to_be_restored_as_well(
    exporter: Exporter, desk: Desk
) -> None:
    agents = Desk().own(0).own(1).partitions
    agents.owned[1].ready = False
    exporter.follow({"agents": agents})
    exporter.show(desk.partitions)
    told = b"2 of 3 partitions restored (to be restored: agents 1)\n"
    assert get(exporter, "/ready")[::2] == (503, told)
    agents.owned[1].ready = True
    exporter.show(desk.partitions)
    assert get(exporter, "/ready")[::2] == (200, b"3 of 3 partitions restored\n")


def test_what_only_a_person_can_end_is_told_to_whoever_asks(exporter: Exporter, desk: Desk) -> None:
    agents = Desk().own(0).partitions
    agents.hanging = {0: "partition 0 of agents waits"}
    exporter.follow({"agents": agents})
    exporter.show(desk.partitions)
    told = b"2 of 2 partitions restored; partition 0 of agents waits\n"
    assert get(exporter, "/ready")[::2] == (200, told)
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


# -- for whom -----------------------------------------------------------------------------


def guarded(tmp_path: Path, **settings: Any) -> Exporter:
    """An exporter with these settings; the place `secret` holds one."""
    (tmp_path / "secret").write_text("s3cret-ä\n")
    return Exporter(replace(Config(), metrics=Metrics(port=0, **settings)))


def test_without_credentials_nobody_is_asked(exporter: Exporter) -> None:
    assert get(exporter, "/metrics", Authorization="Bearer whatever")[0] == 200


def test_figures_are_for_the_bearer_of_the_token(tmp_path: Path) -> None:
    token = Reference("file:secret", tmp_path)
    sent = "Bearer s3cret-ä".encode().decode("latin-1")
    with guarded(tmp_path, token=token) as exporter:
        assert get(exporter, "/metrics", Authorization=sent)[0] == 200
        assert get(exporter, "/metrics", Authorization=sent.replace("Bearer", "bearer"))[0] == 200
        for wrong in (
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cret",
            sent + "x",
            sent.replace("ear", ""),
        ):
            status, _, body = get(exporter, "/metrics", Authorization=wrong)
            assert (status, body) == (401, b"for whoever is configured in metrics\n")


def test_figures_are_for_the_user_with_the_password(tmp_path: Path) -> None:
    user, password = Reference("ann", tmp_path), Reference("file:secret", tmp_path)

    def basic(text: str) -> str:
        return f"Basic {b64encode(text.encode()).decode()}"

    with guarded(tmp_path, username=user, password=password) as exporter:
        assert get(exporter, "/metrics", Authorization=basic("ann:s3cret-ä"))[0] == 200
        for wrong in ("", basic("ann:s3cret"), basic("bob:s3cret-ä"), basic("ann"), "Basic ann"):
            assert get(exporter, "/metrics", Authorization=wrong)[0] == 401


def test_who_is_refused_is_told_how_to_ask(tmp_path: Path) -> None:
    with guarded(tmp_path, token=Reference("file:secret", tmp_path)) as exporter:
        connection = http.client.HTTPConnection(urlsplit(exporter.url).netloc, timeout=5)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.getheader("WWW-Authenticate") == 'Bearer realm="deskpulse"'
        connection.close()


def test_probes_are_answered_without_credentials(tmp_path: Path) -> None:
    """They tell no figures: whoever runs the worker need not know a secret."""
    with guarded(tmp_path, token=Reference("file:secret", tmp_path)) as exporter:
        assert get(exporter, "/live")[::2] == (200, b"live\n")
        assert get(exporter, "/ready")[::2] == (503, b"0 of 0 partitions restored\n")


def test_a_secret_that_is_not_there_keeps_the_worker_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file cannot be read or is empty"):
        Exporter(
            replace(Config(), metrics=Metrics(port=0, token=Reference("file:nowhere", tmp_path)))
        )


@pytest.mark.openssl
class TestTls:
    @pytest.fixture
    def secure(self, tmp_path: Path) -> Iterator[Exporter]:
        authority = Authority(tmp_path)
        token = Reference("file:secret", tmp_path)
        both = authority.issue("worker")
        with guarded(tmp_path, certfile=both, token=token) as exporter:
            yield exporter

    def test_everything_is_inside_tls(self, secure: Exporter, tmp_path: Path) -> None:
        where = urlsplit(secure.url)
        assert where.scheme == "https"
        context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        connection = http.client.HTTPSConnection(where.netloc, timeout=5, context=context)
        bearer = "Bearer s3cret-ä".encode().decode("latin-1")
        for path, status in (("/metrics", 200), ("/live", 200)):
            connection.request("GET", path, headers={"Authorization": bearer})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
            connection.close()

    def test_plaintext_gets_no_answer(self, secure: Exporter) -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            get(secure, "/metrics")

    def test_a_client_that_does_not_shake_hands_keeps_nobody_waiting(
        self, secure: Exporter, tmp_path: Path
    ) -> None:
        where = urlsplit(secure.url)
        context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        with socket.create_connection((where.hostname, where.port or 0), timeout=5):
            connection = http.client.HTTPSConnection(where.netloc, timeout=5, context=context)
            connection.request("GET", "/live")
            assert connection.getresponse().status == 200
            connection.close()

    def test_top_reads_them_by_the_same_configuration(
        self, secure: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        port = urlsplit(secure.url).port
        metrics = f"{{port: {port}, certfile: worker.pem, token: 'file:secret'}}"
        (tmp_path / "conf").mkdir()
        for name in ("secret", "worker.pem"):
            (tmp_path / "conf" / name).write_bytes((tmp_path / name).read_bytes())
        (tmp_path / "conf" / "deskpulse.yml").write_text(f"metrics: {metrics}\n")
        assert run(["top", "--once", "--config", str(tmp_path / "conf")]) == 0
