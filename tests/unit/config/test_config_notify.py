"""The section `notify`: what it takes, and every way it can be wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.config import ConfigError, load
from streams.config.notify import Notify
from streams.core.instants import DAY, MINUTE

Folder = Callable[[str], Path]

POLICY = "policies: [{name: gold, calendar: 24x7, targets: {first_response: 15m}}]"
URL = "an address such as http://127.0.0.1:9093"


def notify(folder: Folder, text: str) -> Notify:
    path = folder(f"notify: {{{text}}}\n")
    (path / "sla.yml").write_text(POLICY)
    return load(path).notify


def test_by_default_urgent_tickets_are_told_of_on_this_machine(folder: Folder) -> None:
    found = load(folder("")).notify
    assert found.alertmanagers == ("http://127.0.0.1:9093",)
    assert (found.priorities, found.policies, found.clocks) == (("urgent",), (), ())
    assert (found.remember, found.resend) == (7 * DAY, MINUTE)


def test_lists_may_be_empty_and_addresses_lose_their_final_slash(folder: Folder) -> None:
    found = notify(
        folder, 'alertmanagers: ["https://a/am/", "http://[::1]:9093"], priorities: [], clocks: []'
    )
    assert found.alertmanagers == ("https://a/am", "http://[::1]:9093")
    assert found.priorities == ()


def test_a_variable_names_the_alertmanagers(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_ALERTMANAGERS", "http://a:9093, http://b:9093")
    assert notify(folder, "").alertmanagers == ("http://a:9093", "http://b:9093")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("alertmanagers: []", "expected at least one address, each of them once"),
        ('alertmanagers: ["http://a", "http://a/"]', "expected at least one address, each of"),
        ("alertmanagers: ['127.0.0.1:9093']", f'found "127.0.0.1:9093", expected {URL}'),
        ("alertmanagers: ['http://ann:hunter2@a']", "expected an address without a user, set "),
        ("priorities: [urgnt]", "expected urgent, high, normal, low or other"),
        ("policies: [gld]", "notify.policies[0]: found gld, did you mean gold?"),
        ("clocks: [first_respons]", "unknown clock, did you mean first_response?"),
        ("resend: 6m", 'notify.resend: found "6m", expected at most 5m'),
        ("remember: 0s", "longer than 0"),
        ("ticket_url: 'https://a/{id}'", "expected none but these in braces: ticket, alert, "),
        ("ticket_url: 'ftp://a/{ticket}'", "expected a link such as https://desk.example/tickets"),
        ("token: hunter2", "expected env:NAME or file:PATH"),
        (
            "alertmanagers: ['https://a'], username: ann",
            "notify.username: expected both, username and password",
        ),
        (
            "alertmanagers: ['https://a'], password: 'env:P'",
            "notify.password: expected both, username and password",
        ),
        (
            "alertmanagers: ['https://a'], token: 'env:T', username: ann, password: 'env:P'",
            "notify.token: expected either token or username and password",
        ),
        (
            "alertmanagers: ['https://a', 'http://b'], token: 'env:T'",
            "notify.alertmanagers[1]: found http://b, expected https where a token is sent",
        ),
    ],
)
def test_a_mistake_is_one_line(folder: Folder, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        notify(folder, text)
    assert len(caught.value.problems) == 1
    assert line in str(caught.value)
    assert "hunter2" not in str(caught.value)
