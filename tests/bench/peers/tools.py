"""What the programs run on: a virtual environment for each library, and Kafka Streams' jars.

All of it lies in target/peers and is made once; a change of what is wanted makes it anew.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.brokers import ROOT

HERE: Final = Path(__file__).parent
TARGET: Final = ROOT / "target" / "peers"
_POM: Final = HERE / "pom.xml"
_JAVA: Final = HERE / "KStreamsPeer.java"

PACKAGES: Final = {
    "quix": ("quixstreams==3.28.1",),
    "bytewax": ("bytewax==0.21.1", "confluent-kafka==2.16.1", "orjson==3.13.0"),
    "faust": ("faust-streaming==0.15.3", "aiokafka==0.14.0", "orjson==3.13.0", "uvloop==0.22.1"),
}
"""By environment, what it has."""


def python(environment: str) -> str:
    """The interpreter of an environment, which is made if need be."""
    folder, wanted = TARGET / environment, "\n".join(PACKAGES[environment])
    program = folder / "bin" / "python"
    if not _is_made(folder, wanted):
        _told(f"preparing {folder.relative_to(ROOT)}")
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(program), "-m", "pip", "--quiet", "install", *PACKAGES[environment])
        _made(folder, wanted)
    return str(program)


def classpath() -> str:
    """Where Java finds KStreamsPeer, which is compiled if need be."""
    jars, classes = TARGET / "jars", TARGET / "classes"
    if not _is_made(jars, _POM.read_text()):
        _told(f"preparing {jars.relative_to(ROOT)}")
        shutil.rmtree(jars, ignore_errors=True)
        copy = f"-DoutputDirectory={jars}"
        maven = ("mvn", "--quiet", "--batch-mode", "--file", str(_POM))
        _run(*maven, "dependency:copy-dependencies", copy)
        _made(jars, _POM.read_text())
    if not _is_made(classes, _JAVA.read_text()):
        _run("javac", "-cp", f"{jars}/*", "-d", str(classes), str(_JAVA))
        _made(classes, _JAVA.read_text())
    return f"{classes}:{jars}/*"


def missing() -> str:
    """What this machine has to have for the Java program and has not; empty when all is there."""
    absent = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    return f"install a JDK and Maven: there is no {', '.join(absent)}" if absent else ""


def versions() -> dict[str, str]:
    """The version of each library that the programs use, by its name."""
    python_libraries = {
        name: version
        for packages in PACKAGES.values()
        for name, version in (package.split("==") for package in packages)
    }
    return {"kafka-streams": kafka_streams_version()} | python_libraries


def kafka_streams_version() -> str:
    """The version of Kafka Streams, whose jars are fetched."""
    found = re.search(r"kafka-streams</artifactId>\s*<version>(.+)</version>", _POM.read_text())
    assert found is not None, f"{_POM} names no kafka-streams"
    return found[1]


def _is_made(folder: Path, wanted: str) -> bool:
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_text() == wanted


def _made(folder: Path, wanted: str) -> None:
    _stamp(folder).write_text(wanted)


def _stamp(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def _told(what: str) -> None:
    print(f"{what} (once) ...", file=sys.stderr)
