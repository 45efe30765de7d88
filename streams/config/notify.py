"""The section `notify`: whom the notifier tells of which tickets, and where links lead."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from streams.config.problems import Contradiction, likely, refuse
from streams.config.sla_names import ClockName
from streams.config.values import (
    Credential,
    FilePath,
    Name,
    PositiveDuration,
    Secret,
    matched,
)
from streams.core.instants import DAY, MINUTE

LONGEST_RESEND: Final = 5 * MINUTE
"""An alert that is not sent again ends by itself after 15 minutes; two may get lost before."""

CREDENTIALS: Final = ("username", "password", "token")
"""The keys of whoever asks over HTTP: a user with a password, or a bearer token."""

PLACEHOLDERS: Final = ("ticket", "alert", "policy", "clock", "queue")
"""What a link may hold in braces, as in `https://desk.example/tickets/{ticket}`."""


def _url(match: re.Match[str]) -> str:
    if "@" in match[0]:
        # The address is not repeated: it holds a password.
        refuse("expected an address without a user, set notify.username and notify.password")
    return match[0].rstrip("/")


Url = Annotated[
    str,
    matched(r"https?://[^\s/?#,]+(/[^\s?#,]*)?", "an address such as http://127.0.0.1:9093", _url),
]


def _link(match: re.Match[str]) -> str:
    for name in re.findall(r"\{([^{}]*)\}", match[0]):
        if name not in PLACEHOLDERS:
            raise ValueError(f"none but these in braces: {', '.join(PLACEHOLDERS)}")
    return match[0]


Link = Annotated[
    str,
    matched(r"https?://\S+", "a link such as https://desk.example/tickets/{ticket}", _link),
]


def _several(value: object) -> object:
    """A list; from a variable of the environment one text with commas."""
    return re.split(" *, *", value) if isinstance(value, str) else value


def _distinct(urls: tuple[str, ...]) -> tuple[str, ...]:
    if not urls or len(set(urls)) < len(urls):
        raise ValueError("at least one address, each of them once")
    return urls


def _soon(resend: int) -> int:
    if resend > LONGEST_RESEND:
        raise ValueError("at most 5m")
    return resend


@dataclass(frozen=True, slots=True)
class Notify:
    """What `deskpulse notify` sends to Alertmanager, at once and ticket by ticket."""

    alertmanagers: Annotated[
        tuple[Url, ...],
        # Behind a validator a list is no longer JSON, which is where strict takes it for a tuple.
        Field(strict=False),
        BeforeValidator(_several, json_schema_input_type=tuple[Url, ...]),
        AfterValidator(_distinct),
    ] = ("http://127.0.0.1:9093",)
    """Every Alertmanager, all members of a cluster; DESKPULSE_ALERTMANAGERS overrides it."""
    priorities: tuple[Literal["urgent", "high", "normal", "low", "other"], ...] = ("urgent",)
    """Of the tickets that are told of; [] is all."""
    policies: tuple[Name, ...] = ()
    """Whose promises are told of; [] is all."""
    clocks: tuple[ClockName, ...] = ()
    """Which clocks are told of; [] is all."""
    warnings: bool = True
    """false tells of breaches only, not of tickets at risk."""
    ticket_url: Link | None = None
    """Where the ticket is, such as https://desk.example/tickets/{ticket}."""
    runbook_url: Link | None = None
    """What to do, such as https://wiki.example/runbook#{alert}."""
    dashboard_url: Link | None = None
    """Where to look; may hold {queue}, {policy} and {clock}."""
    remember: PositiveDuration = 7 * DAY
    """What happened longer ago is not told of any more."""
    resend: Annotated[PositiveDuration, AfterValidator(_soon)] = MINUTE
    """How often an open alert is sent again, so that an Alertmanager may be restarted."""
    cafile: FilePath | None = None
    """Certificates to trust (PEM) behind https; without it those of the system."""
    username: Credential | None = None
    """For basic authentication: a name, env:NAME or file:PATH."""
    password: Secret | None = None
    """env:NAME or file:PATH, read when the notifier starts."""
    token: Secret | None = None
    """A bearer token, instead of user name and password: env:NAME or file:PATH."""


def broken_notices(notify: Notify, policies: Collection[str]) -> Iterator[Contradiction]:
    """Values of the section that contradict each other, or the names of the policies."""
    for place, name in enumerate(notify.policies):
        if name not in policies:
            known = likely(name, policies) if policies else "expected a policy of sla.yml"
            yield Contradiction(
                (("notify", "policies", place), ("policies",)), f"found {name}, {known}"
            )
    yield from broken_credentials("notify", notify)
    given = [key for key in CREDENTIALS if getattr(notify, key) is not None]
    for place, url in enumerate(notify.alertmanagers):
        # Refused, because whoever sets a password believes that the connection is protected.
        if given and not url.startswith("https:"):
            reads = (("notify", "alertmanagers", place), ("notify", given[0]))
            yield Contradiction(reads, f"found {url}, expected https where a {given[-1]} is sent")


def broken_credentials(section: str, settings: object) -> Iterator[Contradiction]:
    """User name, password and token of a section that contradict each other."""
    given = [key for key in CREDENTIALS if getattr(settings, key) is not None]
    if given in (["username"], ["password"]):
        yield Contradiction(((section, given[0]),), "expected both, username and password")
    if "token" in given and len(given) > 1:
        message = f"expected either token or {' and '.join(given[:-1])}"
        yield Contradiction(((section, "token"), (section, given[0])), message)
