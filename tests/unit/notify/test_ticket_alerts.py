"""What is said of an open instance: labels, text, links, and which ones are asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import Config
from streams.config.notify import Notify
from streams.core.instants import MINUTE
from streams.notify.alerts import Alert, Wording
from streams.notify.books import instance_of
from streams.notify.told import Told
from tests.unit.notify.telling import NOW, say

BREACH = say("breached")
WARNING = say("warned", used=11 * MINUTE + 15_000, at=NOW - 4 * MINUTE)


def alert(mark: Told, **notify: Any) -> Alert:
    found = Wording(Config(notify=Notify(**notify))).alert(instance_of(mark), mark)
    assert found is not None
    return found


def said(mark: Told, **notify: Any) -> dict[str, str]:
    return dict(alert(mark, **notify).annotations)


def test_a_breach_is_critical_and_its_ticket_is_in_no_label() -> None:
    labels = dict(alert(BREACH).labels)
    assert len(labels.pop("instance_id")) == 16
    assert labels == {
        "alertname": "TicketBreached",
        "severity": "critical",
        "policy": "gold",
        "clock": "first_response",
        "queue": "billing",
        "ticket_priority": "urgent",
        "app": "deskpulse",
    }


def test_a_warning_is_the_same_instance_at_risk() -> None:
    breached, at_risk = dict(alert(BREACH).labels), dict(alert(WARNING).labels)
    assert {key for key in breached if breached[key] != at_risk[key]} == {"alertname", "severity"}
    assert (at_risk["alertname"], at_risk["severity"]) == ("TicketAtRisk", "warning")


def test_two_tickets_differ_in_their_labels() -> None:
    assert alert(BREACH).labels != alert(BREACH._replace(ticket="T2")).labels


def test_the_text_says_what_was_promised_since_when_and_until_when() -> None:
    assert said(BREACH) == {
        "summary": "T1: first_response breached (priority urgent, queue billing)",
        "description": "Policy gold promises first_response within 15m, counted since "
        "2026-03-02T09:45:00Z. The deadline was 2026-03-02T10:00:00Z (2026-03-02 11:00:00 CET). "
        "15m of 15m were used then.",
        "ticket": "T1",
    }
    assert said(WARNING)["description"].endswith(
        "The deadline is 2026-03-02T10:00:00Z (2026-03-02 11:00:00 CET). "
        "11m15s of 15m were used then (warn level 75%)."
    )


def test_a_paused_clock_has_no_deadline() -> None:
    found = said(WARNING._replace(deadline=None))["description"]
    assert "The clock is paused and has no deadline now." in found


def test_a_missing_queue_or_priority_is_no_label() -> None:
    found = alert(BREACH._replace(queue="", priority=""), priorities=())
    assert not {"queue", "ticket_priority"} & dict(found.labels).keys()
    assert dict(found.annotations)["summary"] == "T1: first_response breached"


def test_links_are_filled_with_quoted_values() -> None:
    found = said(
        BREACH._replace(ticket="a/b ?", queue="R&D"),
        ticket_url="https://desk.example/tickets/{ticket}",
        runbook_url="https://wiki.example/runbook#{alert}",
        dashboard_url="https://grafana.example/d/now?var-queue={queue}&x={policy}-{clock}",
    )
    assert found["ticket"] == "a/b ?"
    assert found["ticket_url"] == "https://desk.example/tickets/a%2Fb%20%3F"
    assert found["runbook_url"] == "https://wiki.example/runbook#ticketbreached"
    assert found["dashboard_url"] == (
        "https://grafana.example/d/now?var-queue=R%26D&x=gold-first_response"
    )


@given(st.text(), st.text(), st.text())
def test_text_from_outside_is_printable_and_bounded(ticket: str, queue: str, level: str) -> None:
    mark = WARNING._replace(ticket=ticket, queue=queue, level=level)
    found = alert(mark, ticket_url="https://desk.example/{ticket}")
    for name, text in (*found.labels, *found.annotations):
        assert text.isprintable(), name
        assert len(text) <= (
            128 if name == "ticket" else 64 if name in dict(found.labels) else 2_000
        )
    json.dumps(found).encode()


@pytest.mark.parametrize(
    "notify",
    [
        {"priorities": ("high", "low")},
        {"policies": ("silver",)},
        {"clocks": ("resolution",)},
    ],
)
def test_what_is_not_asked_for_is_not_told(notify: dict[str, Any]) -> None:
    wording = Wording(Config(notify=Notify(**notify)))
    assert wording.alert(b"i", BREACH) is None
    everything = Notify(priorities=(), policies=(), clocks=())
    assert Wording(Config(notify=everything)).alert(b"i", BREACH) is not None


def test_without_warnings_only_breaches_are_told() -> None:
    wording = Wording(Config(notify=Notify(warnings=False)))
    assert wording.alert(b"i", WARNING) is None
    assert wording.alert(b"i", BREACH) is not None
