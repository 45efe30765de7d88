"""Which delivery guarantee runs: decided by what the broker can do, and said aloud."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    UnknownError,
    UnsupportedVersionError,
)

from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.connection import allowed, client_arguments, started
from streams.kafka.exactly_once import transactions

_PROBE_S: Final = 10.0


async def exactly_once(config: Config, source: str = "tickets") -> bool:
    """Whether this application runs exactly once (else at least once).

    `auto` asks the broker, as whoever has transactions of that name. Raises `UserError` when
    `exactly_once` is demanded of a broker without transactions, or no broker answers.
    """
    if config.delivery == "at_least_once":
        return False
    able = await has_transactions(config, source)
    if config.delivery == "exactly_once" and not able:
        raise UserError(
            f"the broker at {config.kafka.bootstrap} has no transactions, which delivery: "
            "exactly_once needs; use another broker, or delivery: at_least_once"
        )
    return able


async def has_transactions(config: Config, source: str = "tickets") -> bool:
    """Ask the broker by starting a transactional producer.

    The list of supported requests is no answer: the embedded broker lists them all, and
    fails when they are used.
    """
    async with started(config.kafka, AIOKafkaProducer(**client_arguments(config.kafka))):
        pass  # Somebody answers, so a failure from here on is about transactions.
    probe = AIOKafkaProducer(
        **client_arguments(config.kafka),
        transactional_id=f"{transactions(config, source)}probe",
    )
    try:
        with allowed():
            await asyncio.wait_for(probe.start(), _PROBE_S)
    except (UnknownError, UnsupportedVersionError, IncompatibleBrokerVersion):
        return False
    except (KafkaError, TimeoutError) as error:
        # A coordinator that is moving: no reason to promise less.
        raise UserError(
            f"the broker at {config.kafka.bootstrap} does not say whether it has transactions "
            f"({type(error).__name__}); try again, or set delivery"
        ) from None
    finally:
        await probe.stop()
    return True
