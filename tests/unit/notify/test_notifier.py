"""Which alerts are open, by the records that were read."""

import logging

import pytest

from streams.cli import run
from streams.config import Config
from streams.core.instants import MINUTE
from streams.notify.alerts import Alert
from streams.notify.notifier import Desk
from tests.unit.notify.telling import NOW
from tests.unit.notify.test_told import record


def titles(desk: Desk) -> list[str]:
    return [title(alert) for alert in desk.alerts().values()]


def title(alert: Alert) -> str:
    labels, said = dict(alert.labels), dict(alert.annotations)
    return f"{labels['alertname']} {said['ticket']} {labels['clock']}"


def test_records_become_alerts_and_rubbish_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "deskpulse")
    desk = Desk(Config())
    desk.read([b"{", record(), b"[]", record(ticket="T2", attributes={"priority": "low"})])
    assert titles(desk) == ["TicketBreached T1 first_response"]
    assert desk.unreadable == 2
    assert len(caplog.records) == 1


def test_no_ticket_and_no_text_of_a_record_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk(Config())
    desk.read([record(ticket="canary"), record(time="canary"), b'"canary"', b"canary"])
    for kind in ("time", "elapsed", "instance", "attributes", "target_s", "ticket"):
        desk.unreadable = 0
        desk.read([record(**{kind: "canary"}), record(**{kind: ["canary"]})])
    (alert,) = [each for each in desk.alerts().values() if title(each).split()[1] == "canary"]
    assert "canary" not in caplog.text + alert.title


def test_an_alert_stays_the_same_object_until_something_else_is_said() -> None:
    desk = Desk(Config())
    desk.read([record()])
    (first,) = desk.alerts().values()
    desk.read([record()])
    assert [alert is first for alert in desk.alerts().values()] == [True]


def test_what_ended_lately_may_still_fire_somewhere() -> None:
    desk = Desk(Config())
    desk.read([record(), record(id="id-2", transition="met_late")])
    assert titles(desk) == []
    assert [title(alert) for alert in desk.over(NOW).values()] == [
        "TicketBreached T1 first_response"
    ]
    assert not desk.over(NOW + MINUTE)


def test_without_a_broker_the_command_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DESKPULSE_BOOTSTRAP", "127.0.0.1:1")
    assert run(["notify"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("deskpulse notify: sla-transitions at 127.0.0.1:1, to http://")
    assert second.startswith("deskpulse: no Kafka broker answers at 127.0.0.1:1")
