"""One Alertmanager, kept up to date over requests that fail in every way."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from streams.config import ConfigError
from streams.config.notify import Notify
from streams.config.values import Reference
from streams.core.instants import MINUTE
from streams.errors import UserError
from streams.notify.alertmanager import BATCH, Alertmanager, headers, http, payload
from streams.notify.alerts import Alert, Labels
from streams.notify.outbox import Post
from tests.unit.notify.telling import NOW

URL = "http://a:9093"


class Answers:
    """A transport that answers as it is told, and notes what was sent."""

    def __init__(self, answer: Callable[[list[str]], int]) -> None:
        self.answer = answer
        self.sent: list[list[str]] = []

    async def post(self, url: str, body: bytes) -> int:
        assert url == f"{URL}/api/v2/alerts"
        names = [one["labels"]["alertname"] for one in json.loads(body)]
        self.sent.append(names)
        status = self.answer(names)
        if not status:
            raise OSError("no answer within 10 s")
        return status


def shown(*names: str) -> dict[Labels, Alert]:
    alerts = (Alert((("alertname", name),), (), NOW, name) for name in names)
    return {each.labels: each for each in alerts}


def kept(answers: Answers) -> Alertmanager:
    return Alertmanager(URL, MINUTE, answers, lambda: NOW)


def send(one: Alertmanager, times: int = 1) -> list[bool]:
    async def several() -> list[bool]:
        return [await one.send() for _ in range(times)]

    return asyncio.run(several())


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged so far."""
    caplog.set_level(logging.INFO, "deskpulse")
    return lambda: [record.getMessage() for record in caplog.records]


def test_nothing_is_sent_before_the_topic_is_read() -> None:
    answers = Answers(lambda _: 200)
    assert send(kept(answers)) == [True]
    assert answers.sent == []


def test_alerts_go_in_batches_and_each_is_one_line_of_the_log(
    lines: Callable[[], list[str]],
) -> None:
    answers = Answers(lambda _: 200)
    one = kept(answers)
    one.show(shown(*(f"T{n}" for n in range(BATCH + 1))))
    assert send(one, 2) == [True, True]
    assert [len(names) for names in answers.sent] == [BATCH, 1]
    assert lines()[0] == f"T0 open: {URL}"
    assert len(lines()) == BATCH + 1
    one.show({})
    send(one)
    assert lines()[-1] == f"T{BATCH} ended: {URL}"


@pytest.mark.parametrize("status", [0, 301, 401, 404, 429, 500])
def test_what_fails_for_all_is_tried_again_and_said_once(
    status: int, lines: Callable[[], list[str]]
) -> None:
    answers = Answers(lambda _: status if len(answers.sent) < 3 else 200)
    one = kept(answers)
    one.show(shown("T1"))
    assert send(one, 3) == [False, False, True]
    assert answers.sent == [["T1"]] * 3
    failed, *others = lines()
    assert failed.startswith(f"{URL}: {f'status {status}' if status else 'no answer'}")
    assert others == [f"{URL} answers again", f"T1 open: {URL}"]


def test_a_refused_alert_keeps_no_other_from_being_sent(
    lines: Callable[[], list[str]],
) -> None:
    answers = Answers(lambda names: 400 if "bad" in names else 200)
    one = kept(answers)
    one.show(shown("T1", "T2", "bad", "T3", "T4"))
    assert send(one, 2) == [True, True]
    delivered = {name for names in answers.sent if "bad" not in names for name in names}
    assert delivered == {"T1", "T2", "T3", "T4"}
    assert sum("refuses bad with status 400" in line for line in lines()) == 1
    assert answers.sent.count(["bad"]) == 1, "left alone until it is due again"


def test_what_came_and_ended_while_nobody_answered_is_not_sent_any_more() -> None:
    answers = Answers(lambda _: 200)
    one = kept(answers)
    one.show(shown("T1"))
    one.show({})
    send(one)
    assert answers.sent == []


def test_keep_sends_news_at_once_and_comes_back_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.notify.alertmanager.FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr("streams.notify.alertmanager.LOOK_S", 3_600)

    async def run() -> None:
        heard: asyncio.Queue[list[str]] = asyncio.Queue()
        statuses = iter((0, 200, 200))

        def answer(names: list[str]) -> int:
            heard.put_nowait(names)
            return next(statuses)

        one = kept(Answers(answer))
        one.show(shown("T1"))
        task = asyncio.create_task(one.keep())
        assert [await heard.get(), await heard.get()] == [["T1"], ["T1"]]
        one.show(shown("T1", "T2"))
        assert await heard.get() == ["T2"]
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_an_alert_starts_when_it_happened_and_never_in_the_future() -> None:
    def starts(since: int, ends_at: int, *, ended: bool) -> str:
        alert = Alert((("alertname", "T1"),), (("summary", "x"),), since, "T1")
        sent = payload(Post(alert, ends_at, ended, fresh=True), NOW)
        assert (sent["labels"], sent["annotations"]) == ({"alertname": "T1"}, {"summary": "x"})
        return f"{sent['startsAt']} {sent['endsAt']}"

    later = NOW + 15 * MINUTE
    assert starts(NOW - MINUTE, later, ended=False) == "2026-03-02T09:59:00Z 2026-03-02T10:15:00Z"
    assert starts(NOW + MINUTE, later, ended=False) == "2026-03-02T10:00:00Z 2026-03-02T10:15:00Z"
    assert starts(NOW + MINUTE, NOW, ended=True) == "2026-03-02T10:00:00Z 2026-03-02T10:00:00Z"


def test_credentials_go_into_a_header(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    secret, name = Reference("file:secret", tmp_path), Reference("ann", tmp_path)
    assert "Authorization" not in headers(Notify())
    assert headers(Notify(token=secret))["Authorization"] == "Bearer hunter2"
    basic = headers(Notify(username=name, password=secret))["Authorization"]
    assert basic == "Basic YW5uOmh1bnRlcjI="
    with pytest.raises(ConfigError, match="file:nowhere"):
        headers(Notify(token=Reference("file:nowhere", tmp_path)))


# Over HTTP


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    """A server that redirects /moved and takes everything else; what it was sent."""
    requests: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((self.path, self.headers["Content-Type"], body))
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_port}", requests
        running.shutdown()


def post(url: str, notify: Notify) -> int:
    async def run() -> int:
        async with http(notify) as transport:
            return await transport.post(url, b"[]")

    return asyncio.run(run())


def test_json_is_posted_and_a_redirection_is_an_answer(server: tuple[str, list[Any]]) -> None:
    address, requests = server
    assert post(f"http://{address}/api", Notify()) == 200
    assert post(f"http://{address}/moved", Notify()) == 302
    assert requests == [
        ("/api", "application/json", b"[]"),
        ("/moved", "application/json", b"[]"),
    ]


def test_whoever_does_not_speak_tls_behind_https_gets_nothing(
    server: tuple[str, list[Any]],
) -> None:
    address, requests = server
    with pytest.raises(OSError, match="Cannot connect"):
        post(f"https://{address}/api", Notify())
    assert requests == []


def test_a_certificate_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"notify\.cafile: .*nowhere\.pem: No such file"):
        post(URL, Notify(cafile=tmp_path / "nowhere.pem"))
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(UserError, match=r"notify\.cafile: .*empty\.pem"):
        post(URL, Notify(cafile=tmp_path / "empty.pem"))
