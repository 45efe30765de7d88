"""What no single key can tell: values that contradict each other."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Final

from streams.config.goal_values import broken_goals
from streams.config.model import Config, Kafka, Metrics, Topics
from streams.config.notify import CREDENTIALS, broken_credentials, broken_notices
from streams.config.problems import Contradiction, Path
from streams.config.sheets import SHEETS
from streams.config.sla_rules import broken_promises
from streams.config.values import duration_text, is_loopback

_TLS: Final = ("cafile", "certfile", "keyfile")
_SASL: Final = ("username", "password", "token")
_SECURITY: Final = ("kafka", "security")
_OPEN: Final = (
    "is another machine: set kafka.security to tls or sasl_tls, or to plaintext if the network "
    "is to be trusted (or DESKPULSE_SECURITY)"
)


def contradictions(config: Config) -> Iterator[Contradiction]:
    """Every rule that the configuration breaks."""
    yield from _horizons(config)
    yield from _unprotected(config.kafka)
    yield from _unused_credentials(config.kafka)
    yield from _missing_credentials(config.kafka)
    yield from _scraped_unprotected(config.metrics)
    yield from _same_topics(config.topics)
    yield from broken_promises(config.calendars, config.policies, config.timezone)
    yield from broken_goals(config.scorecards, SHEETS, config.customer_attributes)
    yield from broken_notices(config.notify, [policy.name for policy in config.policies])


def _horizons(config: Config) -> Iterator[Contradiction]:
    # A ticket may be squashed only once nothing older is applied, and dropped only after that.
    horizons: tuple[tuple[Path, int], ...] = (
        (("lateness", "apply_within"), config.lateness.apply_within),
        (("retention", "closed_ticket"), config.retention.closed_ticket),
        (("retention", "forgotten"), config.retention.forgotten),
    )
    for (lower, low), (upper, high) in pairwise(horizons):
        if low > high:
            limit = f"{'.'.join(map(str, upper))} ({duration_text(high)})"
            message = f"found {duration_text(low)}, expected at most {limit}"
            yield Contradiction((lower, upper), message)


def _unprotected(kafka: Kafka) -> Iterator[Contradiction]:
    if kafka.security is None:
        for address in kafka.bootstrap.split(","):
            if not is_loopback(address.rpartition(":")[0]):
                yield Contradiction((("kafka", "bootstrap"), _SECURITY), f"{address} {_OPEN}")


def _unused_credentials(kafka: Kafka) -> Iterator[Contradiction]:
    # Refused, because whoever sets a password believes that the connection is protected.
    runs = kafka.security or "plaintext"
    for names, needed in ((_TLS, ("tls", "sasl_tls")), (_SASL, ("sasl_tls",))):
        if runs in needed:
            continue
        for name in names:
            if getattr(kafka, name) is not None:
                message = f"unused with security: {runs}, expected {needed[0]}"
                yield Contradiction((("kafka", name), _SECURITY), message)


def _missing_credentials(kafka: Kafka) -> Iterator[Contradiction]:
    if kafka.security == "sasl_tls":
        by_token = kafka.mechanism == "OAUTHBEARER"
        for name in _SASL:
            reads = (("kafka", name), ("kafka", "mechanism"), _SECURITY)
            needed, given = by_token == (name == "token"), getattr(kafka, name) is not None
            if needed and not given:
                yield Contradiction(reads, f"security: sasl_tls needs a {name}")
            elif given and not needed:
                yield Contradiction(reads, f"unused with mechanism: {kafka.mechanism}")
    if kafka.keyfile is not None and kafka.certfile is None:
        yield Contradiction((("kafka", "keyfile"), ("kafka", "certfile")), "needs certfile")


def _scraped_unprotected(metrics: Metrics) -> Iterator[Contradiction]:
    if metrics.keyfile is not None and metrics.certfile is None:
        yield Contradiction((("metrics", "keyfile"), ("metrics", "certfile")), "needs certfile")
    yield from broken_credentials("metrics", metrics)
    given = [key for key in CREDENTIALS if getattr(metrics, key) is not None]
    if given and metrics.certfile is None and not is_loopback(metrics.bind):
        reads = (("metrics", given[-1]), ("metrics", "bind"), ("metrics", "certfile"))
        message = f"would be sent to {metrics.bind} unprotected, expected certfile beside it"
        yield Contradiction(reads, message)


def _same_topics(topics: Topics) -> Iterator[Contradiction]:
    for first, second in combinations(Topics.__dataclass_fields__, 2):
        if getattr(topics, first) == getattr(topics, second):
            message = f"found the name of topics.{first}, expected one of its own"
            yield Contradiction((("topics", second), ("topics", first)), message)
