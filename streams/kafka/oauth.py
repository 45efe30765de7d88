"""OAuth towards the broker: the token of the configuration, read anew for every connection."""

from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import KafkaConnectionError, SaslAuthenticationFailed

from streams.config import ConfigError
from streams.config.values import Reference


class Token(AbstractTokenProvider):  # type: ignore[misc]
    """Where the token stands."""

    def __init__(self, place: Reference) -> None:
        """Raises `ConfigError` if none is there now."""
        place.read()
        self._place = place

    async def token(self) -> str:
        """The token now. Where none is, at that moment, the connection is tried again later."""
        try:
            return self._place.read()
        except ConfigError as error:
            raise KafkaConnectionError(str(error)) from None


class _Authenticator(OAuthAuthenticator):  # type: ignore[misc]
    async def step(self, payload: bytes | None) -> Any:
        """A broker that accepts a token answers nothing; aiokafka does not look at what it says."""
        if payload:
            raise SaslAuthenticationFailed("the token is refused")
        return await super().step(payload)


def _authenticator(connection: Any) -> _Authenticator:
    provider = connection._sasl_oauth_token_provider  # noqa: SLF001 - as aiokafka's own does
    return _Authenticator(sasl_oauth_token_provider=provider)


AIOKafkaConnection.authenticator_oauth = _authenticator
