"""A real Prometheus reads a guarded endpoint as docs/security.md says, and not otherwise."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from streams.config import Config, Reference
from streams.config.model import Metrics
from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port
from streams.metrics import Exporter
from tests.brokers import ROOT
from tests.certificates import Authority
from tests.deploy.monitoring import Prometheus

pytestmark = [pytest.mark.prometheus, pytest.mark.openssl]

SECRET = "s3cret"  # noqa: S105 - of this test


def documented() -> dict[str, Any]:
    """The scrape configuration that docs/security.md shows."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    (shown,) = (
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "scheme:" in block
    )
    (job,) = yaml.safe_load(shown)["scrape_configs"]
    return dict(job)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It asks a worker with a token and one with a user: rightly, wrongly, and not at all."""
    folder = tmp_path_factory.mktemp("guarded")
    authority = Authority(folder)
    (folder / "secret").write_text(f"{SECRET}\n")
    (folder / "wrong").write_text("wrong\n")
    place, user = Reference("file:secret", folder), Reference("prometheus", folder)
    both = authority.issue("worker")
    by_token = Metrics(port=0, certfile=both, token=place)
    by_name = Metrics(port=0, certfile=both, username=user, password=place)
    job = documented() | {"scrape_interval": "1s", "tls_config": {"ca_file": str(authority.ca)}}
    del job["authorization"]
    asking: dict[str, dict[str, Any]] = {
        "token": {"authorization": {"credentials_file": str(folder / "secret")}},
        "wrong-token": {"authorization": {"credentials_file": str(folder / "wrong")}},
        "name": {"basic_auth": {"username": "prometheus", "password_file": str(folder / "secret")}},
        "wrong-name": {"basic_auth": {"username": "me", "password_file": str(folder / "secret")}},
        "nobody": {},
        "plaintext": {"scheme": "http", "tls_config": {}},
        "other-authority": {
            "tls_config": {"ca_file": str(Authority(folder, "other").ca)},
            "authorization": {"credentials_file": str(folder / "secret")},
        },
    }
    with (
        Exporter(replace(Config(), metrics=by_token)) as one,
        Exporter(replace(Config(), metrics=by_name)) as other,
    ):
        jobs = []
        for name, how in asking.items():
            target = urlsplit((other if "name" in name else one).url).netloc
            there = {"job_name": name, "static_configs": [{"targets": [target]}]}
            jobs.append({**job, **how, **there})
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump({"scrape_configs": jobs}))
        address = f"{LOOPBACK}:{free_port()}"
        command = [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={address}",
        ]
        started = Prometheus(address, spawn(command, folder / "log"), folder / "log")
        try:
            started.wait(lambda: len(started.by("job", "up")) == len(asking), "every job")
            yield started
        finally:
            end(started.process)


def test_it_reads_with_the_token_or_the_password_and_not_without(prometheus: Prometheus) -> None:
    up = prometheus.by("job", "up")
    assert {job for job, value in up.items() if value} == {"token", "name"}
    read = prometheus.by("job", "count by (job) (deskpulse_build_info)")
    assert read == {"token": 1, "name": 1}


def test_it_is_told_why_not(prometheus: Prometheus) -> None:
    targets = prometheus.data("targets")["activeTargets"]
    errors = {target["labels"]["job"]: target["lastError"] for target in targets}
    for job in ("wrong-token", "wrong-name", "nobody"):
        assert "401 Unauthorized" in errors[job]
    assert "unknown authority" in errors["other-authority"]
    assert not errors["token"]


def test_the_documented_configuration_is_the_one_that_is_tested() -> None:
    shown = documented()
    assert (shown["scheme"], set(shown["tls_config"])) == ("https", {"ca_file"})
    assert set(shown["authorization"]) == {"credentials_file"}
