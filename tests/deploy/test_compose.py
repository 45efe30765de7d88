"""docker-compose.yml and the image: pinned, closed, and in agreement with the files they name."""

import fnmatch
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.config.loading import OVERRIDES

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def parsed(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


COMPOSE = parsed("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
METRICS_PORT = parsed("deploy/config/deskpulse.yml")["metrics"]["port"]
WORKERS = {
    name for name, service in SERVICES.items() if service.get("command", [""])[0] == "worker"
}
OURS = WORKERS | {"topics", "notifier"}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, line continuations joined."""
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)


def mounts(service: dict[str, Any]) -> list[list[str]]:
    """Each mount as [source, target] or [source, target, mode]."""
    return [mount.split(":") for mount in service.get("volumes", [])]


@each_service
def test_every_image_is_pinned(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+", service["image"])


def test_our_image_carries_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"deskpulse:{project['version']}"}


@each_service
def test_ports_are_published_on_loopback_only(service: dict[str, Any]) -> None:
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@each_service
def test_no_service_can_gain_rights(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "user"} & service.keys()


@each_service
def test_every_service_has_a_memory_limit(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


def test_every_root_is_read_only_but_that_of_kafka() -> None:
    assert [name for name, service in SERVICES.items() if not service["read_only"]] == ["kafka"]


def test_every_service_comes_back_but_the_one_that_runs_once() -> None:
    once = {name for name, service in SERVICES.items() if service["restart"] != "unless-stopped"}
    assert once == {"topics"}


@each_service
def test_every_mount_is_there(service: dict[str, Any]) -> None:
    for source, _, *mode in mounts(service):
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert mode == ["ro"], source
        else:
            assert source in COMPOSE["volumes"]


@each_service
def test_every_dependency_is_a_service_that_can_meet_its_condition(service: dict[str, Any]) -> None:
    for name, dependency in service.get("depends_on", {}).items():
        if dependency["condition"] == "service_healthy":
            assert SERVICES[name]["healthcheck"]["test"]
        else:
            assert dependency["condition"] == "service_completed_successfully"
            assert SERVICES[name]["restart"] == "no"


def test_there_are_two_equal_workers_that_start_after_the_topics() -> None:
    first, second = (SERVICES[name] for name in sorted(WORKERS))
    assert first == second
    assert first["command"] == ["worker", "--config", "/config"]
    assert first["stop_grace_period"] == "60s"
    assert first["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    assert SERVICES["topics"]["command"] == ["topics", "ensure", "--config", "/config"]


def test_the_notifier_is_asked_for_and_finds_the_alertmanager() -> None:
    notifier = SERVICES["notifier"]
    assert notifier["profiles"] == ["notify"]
    assert notifier["command"] == ["notify", "--config", "/config"]
    assert notifier["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    url = notifier["environment"]["DESKPULSE_ALERTMANAGERS"]
    name, port = url.removeprefix("http://").split(":")
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_every_command_of_ours_finds_its_configuration() -> None:
    for name in OURS:
        assert mounts(SERVICES[name]) == [["./deploy/config", "/config", "ro"]]
    assert (ROOT / "deploy" / "config" / "deskpulse.yml").is_file()


def test_our_services_use_an_address_that_kafka_advertises() -> None:
    kafka = SERVICES["kafka"]["environment"]
    advertised = kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")
    for name in OURS:
        assert f"INSIDE://{SERVICES[name]['environment']['DESKPULSE_BOOTSTRAP']}" in advertised


def test_plaintext_is_a_choice_that_is_written_down() -> None:
    """Without it a worker refuses to talk to another machine than its own."""
    for name in OURS:
        assert SERVICES[name]["environment"]["DESKPULSE_SECURITY"] == "plaintext"


def test_the_host_reaches_kafka_under_the_address_it_advertises() -> None:
    kafka = SERVICES["kafka"]["environment"]
    listeners = dict(item.split("://") for item in kafka["KAFKA_LISTENERS"].split(","))
    advertised = dict(item.split("://") for item in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert SERVICES["kafka"]["ports"] == [f"{advertised['OUTSIDE']}{listeners['OUTSIDE']}"]


def test_prometheus_scrapes_exactly_the_workers_where_they_listen() -> None:
    jobs = parsed("deploy/prometheus/prometheus.yml")["scrape_configs"]
    targets = {
        target for job in jobs for group in job["static_configs"] for target in group["targets"]
    }
    assert targets == {f"{name}:{METRICS_PORT}" for name in WORKERS}
    for name in WORKERS:
        assert SERVICES[name]["environment"]["DESKPULSE_METRICS_BIND"] == "0.0.0.0"  # noqa: S104


def test_the_health_check_asks_where_the_worker_listens() -> None:
    (health,) = instructions("HEALTHCHECK")
    assert f"'127.0.0.1', {METRICS_PORT}," in health
    assert instructions("EXPOSE") == [str(METRICS_PORT)]


def test_every_variable_that_is_set_is_one_that_the_program_reads() -> None:
    for name in OURS:
        assert SERVICES[name]["environment"].keys() <= OVERRIDES.keys()


def test_prometheus_alertmanager_and_grafana_find_each_other() -> None:
    prometheus = parsed("deploy/prometheus/prometheus.yml")
    (alertmanager,) = prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    (source,) = parsed("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    for address in (alertmanager, source["url"].removeprefix("http://")):
        name, port = address.split(":")
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    (job,) = prometheus["scrape_configs"]
    assert source["jsonData"]["timeInterval"] == job["scrape_interval"]


def test_grafana_is_given_the_dashboards_it_is_told_to_load() -> None:
    grafana = SERVICES["grafana"]
    places = {target: ROOT / source for source, target, *_ in mounts(grafana)}
    (provider,) = parsed("deploy/grafana/provisioning/dashboards/deskpulse.yml")["providers"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert (places[str(home.parent)] / home.name).is_file()


def test_the_image_is_built_on_pinned_ones() -> None:
    images = {line.split()[0] for line in instructions("FROM")}
    assert len(images) == 1, "both stages need the same interpreter"
    assert re.fullmatch(r"python:3\.12\.\d+-slim-\w+", images.pop())


def test_the_image_runs_as_a_numbered_user_without_a_shell() -> None:
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert json.loads(*instructions("ENTRYPOINT")) == ["deskpulse"]
    assert instructions("CMD") == []
    (health,) = instructions("HEALTHCHECK")
    command = json.loads(health.partition(" CMD ")[2])
    assert command[0] == "python"
    compile(command[-1], "healthcheck", "exec")
    assert "/live" in command[-1]


def test_everything_installed_from_outside_has_a_known_hash() -> None:
    steps = [step.split() for run in instructions("RUN") for step in run.split("&&")]
    installs = [step for step in steps if "install" in step and step[0] != "apt-get"]
    assert len(installs) == 3
    for step in installs:
        assert "--require-hashes" in step or {"--no-deps", "--no-index"} <= set(step)
    (wheel,) = (step for step in steps if "wheel" in step)
    assert {"--no-deps", "--no-build-isolation"} <= set(wheel)


def test_the_shipped_stage_installs_nothing_and_has_the_compiled_engine() -> None:
    build, shipped = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "RUN" not in shipped
    compiled = build.index("python deploy/native.py")
    assert build.index("pip wheel") < compiled, "the wheel is for every machine"
    assert "cp --parents streams/*/*.so *__mypyc.*.so" in build[compiled:]


def test_the_build_gets_every_file_it_copies() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    assert "*" in ignore, "what is not named stays out"
    copied = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in shlex.split(line)[:-1]
    ]
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source.removeprefix("./"), name) for name in allowed), source
