"""Certificates and credentials: what cannot be used is named by its key, in one line."""

import ssl
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.access import authorization, client_context, server_context
from streams.config import ConfigError, Reference
from streams.errors import UserError
from tests.certificates import Authority, openssl

needs_openssl = pytest.mark.openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@needs_openssl
def test_the_server_is_verified_by_name_and_by_who_signed_its_certificate(
    authority: Authority,
) -> None:
    context = client_context("kafka", authority.ca, authority.issue("me"))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "authority"),),)
    ]


def test_without_an_authority_those_of_the_system_are_trusted() -> None:
    context = client_context("kafka", None)
    assert context.verify_mode is ssl.CERT_REQUIRED


@needs_openssl
def test_what_cannot_be_used_is_named_by_its_key(authority: Authority, tmp_path: Path) -> None:
    both = authority.issue("both")
    key, other = tmp_path / "key.pem", authority.issue("other")
    locked = tmp_path / "locked.pem"
    locked.write_bytes(openssl("pkey", "-in", both, "-aes256", "-passout", "pass:hidden"))
    key.write_bytes(openssl("pkey", "-in", other))
    nowhere, text = tmp_path / "nowhere.pem", tmp_path / "text.pem"
    text.write_text("no certificate")
    mistakes: list[tuple[str, Callable[[], object]]] = [
        (f"s.cafile: {nowhere}: No such file", lambda: client_context("s", nowhere)),
        (f"s.cafile: {text}: no certificate", lambda: client_context("s", text)),
        (f"s.certfile: {nowhere}: No such file", lambda: server_context("s", nowhere, None)),
        (f"s.keyfile: {nowhere}: No such file", lambda: server_context("s", both, nowhere)),
        (f"s.certfile: {both}: .* belongs to its key", lambda: server_context("s", both, key)),
        (
            f"s.keyfile: {locked}: .* without a password",
            lambda: server_context("s", both, locked),
        ),
    ]
    for line, make in mistakes:
        with pytest.raises(UserError, match=line) as caught:
            make()
        assert "\n" not in str(caught.value)


def test_credentials_are_a_token_or_a_name_with_a_password_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "p:ä")
    name, secret = Reference("ann", tmp_path), Reference("env:SECRET", tmp_path)
    assert authorization(None, None, None) is None
    assert authorization(None, None, secret) == "Bearer p:ä"
    basic = authorization(name, secret, None)
    assert basic is not None
    assert b64decode(basic.removeprefix("Basic ")).decode() == "ann:p:ä"
    with pytest.raises(ConfigError, match="env:NOT_SET: the environment variable is not set"):
        authorization(None, None, Reference("env:NOT_SET", tmp_path))
