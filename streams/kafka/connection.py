"""How to reach the broker: one set of arguments for every aiokafka client, one for Faust.

Secrets are read here, when a client is made, and nowhere kept.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import faust
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.config.model import Kafka
from streams.config.values import Reference
from streams.errors import UserError


def tls_context(kafka: Kafka) -> ssl.SSLContext | None:
    """The TLS context of the configuration; `None` means plaintext, by explicit choice."""
    if kafka.security == "plaintext":
        return None
    context = ssl.create_default_context(cafile=_text(kafka.cafile))
    if kafka.certfile is not None:
        context.load_cert_chain(str(kafka.certfile), _text(kafka.keyfile))
    return context


def client_arguments(kafka: Kafka) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client is created with."""
    arguments: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap}
    context = tls_context(kafka)
    if context is None:
        return arguments
    arguments |= {"ssl_context": context, "security_protocol": "SSL"}
    if kafka.security == "sasl_tls":
        arguments |= {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": kafka.mechanism,
            "sasl_plain_username": _read(kafka.username),
            "sasl_plain_password": _read(kafka.password),
        }
    return arguments


def faust_credentials(kafka: Kafka) -> Any:
    """The same for a Faust app's `broker_credentials`; `None` for plaintext.

    Faust falls back to SASL without TLS when no context is given, so one always is.
    """
    context = tls_context(kafka)
    if context is None:
        return None
    if kafka.security == "tls":
        return faust.SSLCredentials(context=context)
    return faust.SASLCredentials(
        username=_read(kafka.username),
        password=_read(kafka.password),
        mechanism=kafka.mechanism,
        ssl_context=context,
    )


class Client(Protocol):
    """A producer or consumer of aiokafka."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect; also after a start that failed."""


@asynccontextmanager
async def reachable(kafka: Kafka) -> AsyncIterator[None]:
    """Turn a failure to connect into one line for a person (`UserError`)."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise UserError(
            f"no Kafka broker answers at {kafka.bootstrap} ({type(error).__name__}); check "
            "kafka.bootstrap in deskpulse.yml, or set DESKPULSE_BOOTSTRAP"
        ) from None


@asynccontextmanager
async def started(kafka: Kafka, client: Client) -> AsyncIterator[None]:
    """The client is connected while the block runs; raises `UserError` if it cannot be."""
    try:
        async with reachable(kafka):
            await client.start()
        yield
    finally:
        await client.stop()


async def partitions_of(kafka: Kafka, topic: str) -> list[int]:
    """The partitions of a topic, ascending; none when there is no such topic."""
    admin = AIOKafkaAdminClient(**client_arguments(kafka))
    try:
        async with reachable(kafka):
            await admin.start()
        # All of them: some brokers create a missing topic when asked for it by name.
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return sorted(
        partition["partition"]
        for described in topics
        if described["topic"] == topic
        for partition in described["partitions"]
    )


def _read(credential: Reference | None) -> str | None:
    return None if credential is None else credential.read()


def _text(path: object) -> str | None:
    return None if path is None else str(path)
