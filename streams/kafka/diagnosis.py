"""Why a broker cannot be used, in one line that says what to do.

aiokafka only says that it could not connect, so a connection is made once more, by hand.
Nothing in what is told comes from a secret.
"""

import ssl
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.config.model import Kafka

_PATIENCE_MS: Final = 10_000
_NOT_ALLOWED: Final[Mapping[type[KafkaError], str]] = {
    TopicAuthorizationFailedError: "the topic",
    GroupAuthorizationFailedError: "the consumer group",
    ClusterAuthorizationFailedError: "the cluster",
    TransactionalIdAuthorizationFailed: "its transactions",
}
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
_CERTIFICATES: Final[Mapping[int, str]] = {
    _NOT_YET_VALID: "compare the clocks of both machines",
    _EXPIRED: "have the broker's certificate renewed",
    _OTHER_NAME: "write kafka.bootstrap as the certificate names the broker",
    _OTHER_ADDRESS: "write kafka.bootstrap as the certificate names the broker",
}
"""What to do, by OpenSSL's code of what is wrong with a certificate."""


def not_allowed(error: BaseException) -> str | None:
    """What the broker does not allow this user; `None` if that is not what it says."""
    for kind, what in _NOT_ALLOWED.items():
        if isinstance(error, kind):
            return (
                f"the broker does not allow this user to use {what} ({error}); "
                "`deskpulse topics acls` prints the rights that are needed"
            )
    return None


def hidden(kafka: Kafka) -> str:
    """What else it may mean that a topic is not there: a broker with users hides what it can."""
    if kafka.security in {None, "plaintext"}:
        return ""
    return " (or this user may not see it: `deskpulse topics acls`)"


async def trouble(kafka: Kafka, arguments: Mapping[str, Any], error: Exception) -> str:
    """What is wrong, found out by connecting to each address as all clients do.

    `error` is what a client said; `arguments` are what it was made with.
    """
    told = not_allowed(error)
    if told is not None:
        return told
    options = {key: value for key, value in arguments.items() if key != "bootstrap_servers"}
    for address in kafka.bootstrap.split(","):
        try:
            await _look(address, options)
        except (KafkaError, OSError) as found:
            told = _explained(kafka, address, found)
            if told is not None:
                return told
    return (
        f"no Kafka broker answers at {kafka.bootstrap} ({type(error).__name__}); check "
        "kafka.bootstrap in deskpulse.yml, or set DESKPULSE_BOOTSTRAP"
    )


class _HungUpError(KafkaConnectionError):  # type: ignore[misc]
    """The connection was made, and closed at the first question."""


async def _look(address: str, options: Mapping[str, Any]) -> None:
    host, _, port = address.rpartition(":")
    connection: AIOKafkaConnection = await create_conn(
        host.strip("[]"), int(port), request_timeout_ms=_PATIENCE_MS, **options
    )
    try:
        await connection.send(MetadataRequest([]))
    except KafkaConnectionError as error:
        raise _HungUpError(str(error)) from error
    finally:
        connection.close()


def _explained(kafka: Kafka, address: str, error: Exception) -> str | None:
    """The line for one address; `None` where nobody listens."""
    if kafka.security not in {None, "plaintext"}:
        said = _certificate(error) or _credentials(kafka, error)
    elif isinstance(error, KafkaConnectionError):
        said = "hangs up; if it expects TLS, set kafka.security to tls or sasl_tls"
    else:
        said = None
    return None if said is None else f"the Kafka broker at {address} {said}"


def _certificate(error: Exception) -> str | None:
    """What goes wrong before anybody says who he is."""
    tls = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(tls, ssl.SSLCertVerificationError):
        what = _CERTIFICATES.get(
            tls.verify_code, "set kafka.cafile to the certificate of who signed it"
        )
        return f"shows a certificate that is not trusted ({tls.verify_message}); {what}"
    if isinstance(tls, ssl.SSLError) and "ALERT" in (tls.reason or ""):
        return (
            f"ends the TLS handshake ({tls.reason}); if it wants a certificate of ours, set "
            "kafka.certfile to one that it trusts"
        )
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        return "does not speak TLS; if this is its plaintext port, name its TLS port in bootstrap"
    return None


def _credentials(kafka: Kafka, error: Exception) -> str | None:
    """What goes wrong when somebody says who he is, or does not."""
    if isinstance(error, SaslAuthenticationFailed):
        if kafka.token is not None:
            return "refuses the token; check kafka.token, it may have expired"
        return "refuses the user; check kafka.username, kafka.password and kafka.mechanism"
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"does not take {kafka.mechanism}; set kafka.mechanism to one that it offers"
    if isinstance(error, IllegalSaslStateError):
        return "asks for no user at this port; set kafka.security to tls, or name another port"
    if isinstance(error, _HungUpError) and kafka.security == "tls":
        return "hangs up; if it expects a user, set kafka.security to sasl_tls"
    return str(error) if isinstance(error, KafkaConnectionError) else None
