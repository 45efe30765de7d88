"""How to reach the broker: one set of arguments for every aiokafka client, one for Faust.

Secrets are read here, when a client is made, and nowhere kept.
"""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import faust
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faust.auth import OAuthCredentials

from streams.access import client_context
from streams.config.model import Kafka
from streams.errors import UserError
from streams.kafka.diagnosis import not_allowed, trouble
from streams.kafka.oauth import Token

for _name in ("aiokafka.conn", "aiokafka.producer.producer"):
    # At this level they write down each request, that with the password, and each record.
    logging.getLogger(_name).addFilter(lambda record: record.levelno > logging.DEBUG)


def client_arguments(kafka: Kafka) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client is created with.

    Raises `UserError` or `ConfigError` where a certificate or a secret cannot be read.
    """
    arguments: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap}
    if kafka.security in {None, "plaintext"}:
        return arguments
    arguments |= {
        "security_protocol": "SSL" if kafka.security == "tls" else "SASL_SSL",
        "ssl_context": client_context("kafka", kafka.cafile, kafka.certfile, kafka.keyfile),
    }
    if kafka.security == "sasl_tls":
        arguments["sasl_mechanism"] = kafka.mechanism
        if kafka.token is not None:
            arguments["sasl_oauth_token_provider"] = Token(kafka.token)
        if kafka.username is not None and kafka.password is not None:
            arguments["sasl_plain_username"] = kafka.username.read()
            arguments["sasl_plain_password"] = kafka.password.read()
    return arguments


def faust_credentials(kafka: Kafka) -> Any:
    """The same for a Faust app's `broker_credentials`; `None` for plaintext.

    Faust falls back to SASL without TLS when no context is given, so one always is.
    """
    arguments = client_arguments(kafka)
    context = arguments.get("ssl_context")
    if context is None:
        return None
    if kafka.security == "tls":
        return faust.SSLCredentials(context=context)
    if kafka.token is not None:
        provider = arguments["sasl_oauth_token_provider"]
        return OAuthCredentials(oauth_cb=provider, ssl_context=context)
    return faust.SASLCredentials(
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
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
        raise UserError(await trouble(kafka, client_arguments(kafka), error)) from None


@asynccontextmanager
async def started(kafka: Kafka, client: Client) -> AsyncIterator[None]:
    """The client is connected while the block runs; raises `UserError` if it cannot be.

    So does an operation in the block that the broker does not allow this user.
    """
    try:
        async with reachable(kafka):
            await client.start()
        with allowed():
            yield
    finally:
        await client.stop()


@contextmanager
def allowed() -> Iterator[None]:
    """Turn what the broker does not allow this user into one line for a person."""
    try:
        yield
    except KafkaError as error:
        said = not_allowed(error)
        if said is None:
            raise
        raise UserError(said) from None


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
