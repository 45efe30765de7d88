"""An authority for tests: certificates and signed tokens, made by openssl in a folder."""

import re
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final

from streams.wire.codec import dumps

PAST: Final = ("20200101000000Z", "20200201000000Z")
"""From when until when an expired certificate was valid."""

_CONFIG: Final = """
[ca]
default_ca = authority
[authority]
database = {folder}/{name}.index
rand_serial = yes
new_certs_dir = {folder}
default_md = sha256
default_days = 2
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
    """What openssl says; a failure fails the test with its complaint."""
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A certificate authority in a folder. Its own certificate is `ca`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._name, self._folder = name, folder
        self.ca = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._config = folder / f"{name}.cnf"
        self._config.write_text(_CONFIG.format(folder=folder, name=name))
        (folder / f"{name}.index").touch()
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", self._key, "-out", self.ca, "-subj", f"/CN={name}", "-days", "2"),
        )

    def issue(
        self, name: str, addresses: str = "IP:127.0.0.1", *, valid: tuple[str, str] | None = None
    ) -> Path:
        """A certificate with its key, one PEM file, for a client or a server of these addresses."""
        request, key, certificate, both = (
            self._folder / f"{name}.{kind}" for kind in ("csr", "key", "crt", "pem")
        )
        openssl(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", key, "-out", request, "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={addresses}"),
        )
        dates = () if valid is None else ("-startdate", valid[0], "-enddate", valid[1])
        openssl(
            *("ca", "-config", self._config, "-cert", self.ca, "-keyfile", self._key, "-batch"),
            *("-notext", "-in", request, "-out", certificate, *dates),
        )
        both.write_bytes(key.read_bytes() + certificate.read_bytes())
        return both


class Issuer:
    """Signs tokens (JWT, RS256); `keys` is the file by which others verify them (JWKS)."""

    def __init__(self, folder: Path) -> None:
        self._key = folder / "issuer.key"
        self._key.write_bytes(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "bits:2048"))
        told = openssl("rsa", "-in", self._key, "-noout", "-modulus").decode()
        modulus = re.fullmatch(r"Modulus=([0-9A-F]+)\s*", told)
        assert modulus is not None
        self.keys = folder / "keys.json"
        public = {"n": _base64(bytes.fromhex(modulus[1])), "e": "AQAB"}
        key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", **public}
        self.keys.write_bytes(dumps({"keys": [key]}))

    def token(self, **claims: object) -> str:
        """A signed token with these claims."""
        head = {"alg": "RS256", "typ": "JWT", "kid": "1"}
        signed = f"{_base64(dumps(head))}.{_base64(dumps(claims))}"
        signature = openssl("dgst", "-sha256", "-sign", self._key, given=signed.encode())
        return f"{signed}.{_base64(signature)}"


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
