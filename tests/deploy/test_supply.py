"""What is shipped is listed, and whether anybody knows a weakness of it is said honestly."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.audit import CLEAN, FOUND, LOCK, NOT_ASKED, judged
from tests.brokers import ROOT

SBOM = ROOT / "target" / "sbom.json"
TOOLS = ROOT / "target" / "audit" / "bin"


def pinned(lock: Path) -> set[tuple[str, str]]:
    """Name and version of every package of a lock file."""
    return set(re.findall(r"^([a-z0-9-]+)==([\w.+]+)", lock.read_text(), re.MULTILINE))


def dependency(**more: Any) -> dict[str, Any]:
    return {"name": "leaky", "version": "1.0", "vulns": [], **more}


def answer(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.sbom
def test_the_list_of_what_is_shipped_is_the_lock_file_with_its_hashes() -> None:
    sbom = json.loads(SBOM.read_bytes())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    components = sbom["components"]
    found = {(each["name"], each["version"]) for each in components}
    assert found == pinned(ROOT / "requirements.lock")
    for each in components:
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        hashes = [each["hashes"] for each in each["externalReferences"]]
        assert all(one["alg"] == "SHA-256" for some in hashes for one in some)
        assert any(hashes)


def test_everything_that_is_locked_is_asked_about() -> None:
    for lock in ("requirements.lock", "deploy/build.lock", "deploy/native.lock"):
        assert pinned(ROOT / lock) <= pinned(LOCK)


def test_it_is_clean_only_where_all_was_asked_and_nothing_is_known() -> None:
    assert judged(answer(dependency()), "") == (CLEAN, ["no weakness is known of 1 packages"])


def test_a_known_weakness_is_named_with_the_version_that_mends_it() -> None:
    known = {"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"], "aliases": []}
    unmended = {"id": "PYSEC-2", "fix_versions": [], "aliases": []}
    code, lines = judged(answer(dependency(vulns=[known, unmended])), "")
    assert code == FOUND
    assert lines == [
        "leaky 1.0: PYSEC-1 (fixed in 1.1, 2.0)",
        "leaky 1.0: PYSEC-2 (fixed in no version yet)",
    ]


def test_what_was_not_asked_about_is_not_called_clean() -> None:
    left_out = dependency(skip_reason="not found")
    code, lines = judged(answer(dependency(), left_out), "")
    assert (code, lines[1:]) == (NOT_ASKED, ["leaky: not found"])
    assert judged(answer(), "")[0] == NOT_ASKED
    assert judged("", "ERROR: a\nERROR: cannot connect\n") == (
        NOT_ASKED,
        ["the advisory service could not be asked: ERROR: cannot connect"],
    )


@pytest.mark.sbom
def test_a_service_that_cannot_be_reached_is_told_as_such() -> None:
    """Through a proxy that does not exist, as behind a wall."""
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    asked = subprocess.run(
        [TOOLS / "python", ROOT / "deploy" / "audit.py"],
        env={**os.environ, **nowhere, "no_proxy": "", "NO_PROXY": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == NOT_ASKED
    assert asked.stdout.startswith("the advisory service could not be asked: ")
    assert asked.stdout.count("\n") == 1
    assert "Traceback" not in asked.stdout + asked.stderr
