"""Certificates and credentials, as every connection needs them; trouble is told by its key.

Contexts are those of Python's defaults: TLS 1.2 or newer, certificates and names verified.
"""

import ssl
from base64 import b64encode
from pathlib import Path
from typing import Final, NoReturn

from streams.config.values import Reference
from streams.errors import UserError

_NOT_PEM: Final = "no certificate (PEM) in it that belongs to its key"


def client_context(
    section: str, cafile: Path | None, certfile: Path | None = None, keyfile: Path | None = None
) -> ssl.SSLContext:
    """TLS towards a server whose certificate is verified, and ours if it asks for one.

    Without `cafile` the system's authorities are trusted. Raises `UserError` that names the
    key of the `section` whose file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=cafile)
    except OSError as error:
        _refuse(f"{section}.cafile", cafile, error)
    if certfile is not None:
        _own(context, section, certfile, keyfile)
    return context


def server_context(section: str, certfile: Path, keyfile: Path | None) -> ssl.SSLContext:
    """TLS towards clients that are not asked for a certificate; raises `UserError` likewise."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _own(context, section, certfile, keyfile)
    return context


def authorization(
    username: Reference | None, password: Reference | None, token: Reference | None
) -> str | None:
    """The value of an HTTP `Authorization` header, with the secrets as they are now.

    `None` without credentials. Raises `ConfigError` where a place does not hold one.
    """
    if token is not None:
        return f"Bearer {token.read()}"
    if username is None or password is None:
        return None
    return f"Basic {b64encode(f'{username.read()}:{password.read()}'.encode()).decode()}"


def _own(context: ssl.SSLContext, section: str, certfile: Path, keyfile: Path | None) -> None:
    def encrypted() -> NoReturn:
        # Without this OpenSSL would ask whoever sits at the terminal.
        file = keyfile or certfile
        raise UserError(f"{section}.keyfile: {file}: expected a key without a password")

    try:
        context.load_cert_chain(certfile, keyfile, encrypted)
    except OSError as error:
        key, file = ("keyfile", keyfile) if _missing(keyfile) else ("certfile", certfile)
        _refuse(f"{section}.{key}", file, error)


def _missing(file: Path | None) -> bool:
    return file is not None and not file.is_file()


def _refuse(key: str, file: Path | None, error: OSError) -> NoReturn:
    reason = _NOT_PEM if isinstance(error, ssl.SSLError) else error.strerror
    raise UserError(f"{key}: {file}: {reason}") from None
