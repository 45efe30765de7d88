"""The Kubernetes manifests: closed, bounded, probed, and in agreement with image and docs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.config import Config, load
from streams.config.loading import OVERRIDES
from tests.brokers import ROOT
from tests.deploy.test_compose import SERVICES

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))


def objects() -> dict[tuple[str, str], dict[str, Any]]:
    """Every object by kind and name."""
    found = {}
    for file in KUSTOMIZATION["resources"]:
        for each in yaml.safe_load_all((FOLDER / file).read_text(encoding="utf-8")):
            found[each["kind"], each["metadata"]["name"]] = each
    return found


OBJECTS = objects()
CONFIG_TEXT = (FOLDER / "config.yml").read_text(encoding="utf-8")
WORKER = OBJECTS["StatefulSet", "deskpulse-worker"]
NOTIFIER = OBJECTS["Deployment", "deskpulse-notifier"]
each_kind_of_pod = pytest.mark.parametrize(
    "of", [WORKER, NOTIFIER], ids=lambda of: of["metadata"]["name"]
)


def pod(of: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = of["spec"]["template"]["spec"]
    return spec


def container(of: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod(of)["containers"]
    return dict(only)


def test_every_file_of_the_folder_is_applied() -> None:
    files = {file.name for file in FOLDER.iterdir()}
    assert files == {*KUSTOMIZATION["resources"], "kustomization.yaml"}


@each_kind_of_pod
def test_no_pod_runs_as_root_or_may_gain_anything(of: dict[str, Any]) -> None:
    rights = pod(of)["securityContext"]
    assert rights["runAsNonRoot"] is True
    assert f"{rights['runAsUser']}:{rights['runAsGroup']}" == image_user()
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(of)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(of)["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod(of).keys()


def image_user() -> str:
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    return "".join(re.findall(r"^USER (\S+)$", text, re.MULTILINE))


@each_kind_of_pod
def test_memory_has_a_limit_and_nothing_is_written_but_a_little_in_memory(
    of: dict[str, Any],
) -> None:
    assert re.fullmatch(r"\d+[MG]i", container(of)["resources"]["limits"]["memory"])
    assert set(container(of)["resources"]["requests"]) == {"cpu", "memory"}
    volumes = {volume["name"]: volume for volume in pod(of)["volumes"]}
    mounts = {mount["name"]: mount for mount in container(of)["volumeMounts"]}
    assert volumes.keys() == mounts.keys()
    assert [name for name in mounts if not mounts[name].get("readOnly")] == ["tmp"]
    assert volumes["tmp"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "16Mi"}


@each_kind_of_pod
def test_the_image_is_that_of_the_compose_file_and_the_command_is_one_of_ours(
    of: dict[str, Any],
) -> None:
    assert container(of)["image"] == SERVICES["worker-1"]["image"]
    assert container(of)["args"] in (
        SERVICES["worker-1"]["command"],
        SERVICES["notifier"]["command"],
    )


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """What the pods are told, loaded as they load it."""
    for name, text in OBJECTS["ConfigMap", "deskpulse"]["data"].items():
        (tmp_path / name).write_text(text)
    return load(tmp_path)


def test_the_worker_is_probed_where_it_listens_and_has_time_to_drain(config: Config) -> None:
    assert container(WORKER)["ports"] == [{"name": "metrics", "containerPort": config.metrics.port}]
    for probe, path in (("liveness", "/live"), ("startup", "/live"), ("readiness", "/ready")):
        asked = container(WORKER)[f"{probe}Probe"]["httpGet"]
        # The endpoint speaks TLS, and asks probes for no secret.
        assert asked == {"path": path, "port": "metrics", "scheme": "HTTPS"}
    assert config.metrics.certfile is not None
    assert pod(WORKER)["terminationGracePeriodSeconds"] >= 60
    (served,) = OBJECTS["Service", "deskpulse-worker"]["spec"]["ports"]
    assert served["port"] == config.metrics.port


def test_kafka_is_behind_tls_and_every_secret_is_a_mounted_file(config: Config) -> None:
    assert config.kafka.security == "sasl_tls"
    mounted = {mount["mountPath"] for mount in container(WORKER)["volumeMounts"]}
    files = [
        str(config.kafka.cafile),
        str(config.metrics.certfile),
        str(config.metrics.keyfile),
        *(
            reference.text.removeprefix("file:")
            for reference in (config.kafka.username, config.kafka.password, config.metrics.token)
            if reference is not None
        ),
    ]
    assert len(files) == 6
    for file in files:
        folder, _, name = file.rpartition("/")
        assert folder in mounted
        # What each Secret holds stands above the ConfigMap.
        assert re.search(rf"#   deskpulse-{Path(folder).name} .*\b{re.escape(name)}\b", CONFIG_TEXT)


def test_a_worker_keeps_its_name_and_is_told_nothing_that_it_does_not_read() -> None:
    told = {entry["name"]: entry for entry in container(WORKER)["env"]}
    assert told.keys() <= OVERRIDES.keys()
    named = told["DESKPULSE_INSTANCE"]["valueFrom"]
    assert named == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_one_worker_at_a_time_may_be_taken_away() -> None:
    budget = OBJECTS["PodDisruptionBudget", "deskpulse-worker"]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == WORKER["spec"]["selector"]


def test_selectors_find_the_pods_they_mean() -> None:
    for of in (WORKER, NOTIFIER):
        labels = of["spec"]["template"]["metadata"]["labels"]
        assert of["spec"]["selector"]["matchLabels"] == labels
        policy = OBJECTS["NetworkPolicy", "deskpulse"]["spec"]["podSelector"]["matchLabels"]
        assert policy.items() <= labels.items()
    selector = OBJECTS["Service", "deskpulse-worker"]["spec"]["selector"]
    assert selector == WORKER["spec"]["selector"]["matchLabels"]


def test_the_network_is_closed_but_for_what_the_configuration_names(config: Config) -> None:
    spec = OBJECTS["NetworkPolicy", "deskpulse"]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (scrape,) = spec["ingress"]
    assert scrape["ports"] == [{"protocol": "TCP", "port": config.metrics.port}]
    wanted = {tuple(config.kafka.bootstrap.split(".")[1:2])}
    wanted |= {tuple(url.split(".")[1:2]) for url in config.notify.alertmanagers}
    *allowed, names = spec["egress"]
    reached = {
        (rule["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],)
        for peer in allowed
        for rule in peer["to"]
    }
    assert reached == wanted
    assert {port["port"] for port in names["ports"]} == {53}
