"""How single values are written and read back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from streams.config import ConfigError, Moment, Reference, duration_text, load
from streams.config.values import Daily, Duration, Weekly

Folder = Callable[[str], Path]

SASL = "kafka: {security: sasl_tls, username: 'USER', password: 'PASSWORD'}"


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("0s", 0), ("90s", 90_000), ("15m", 900_000), ("4h", 14_400_000), ("7d", 604_800_000)],
)
def test_a_duration_is_milliseconds(text: str, duration_ms: int) -> None:
    assert TypeAdapter(Duration).validate_python(text) == duration_ms


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0s"),
        (1_000, "1s"),
        (90_000, "90s"),
        (300_000, "5m"),
        (3_600_000, "1h"),
        (86_400_000, "24h"),
        (172_800_000, "2d"),
        (90_000_000, "25h"),
    ],
)
def test_a_duration_is_told_as_shortly_as_its_window_is_called(duration_ms: int, text: str) -> None:
    assert duration_text(duration_ms) == text


@given(st.integers(0, 999_999_999))
def test_what_is_told_of_a_duration_reads_back(seconds: int) -> None:
    read = TypeAdapter(Duration).validate_python(duration_text(seconds * 1_000))
    assert read == seconds * 1_000


@pytest.mark.parametrize("duration_ms", [-1_000, 1, 1_500])
def test_what_no_file_can_hold_has_no_text(duration_ms: int) -> None:
    with pytest.raises(ValueError, match="not a whole number of seconds"):
        duration_text(duration_ms)


@given(st.integers(0, 24 * 60), st.none() | st.integers(0, 6))
def test_a_moment_reads_back(minute: int, weekday: int | None) -> None:
    moment = Moment(minute, weekday)
    kind = TypeAdapter(Daily if weekday is None else Weekly)
    assert kind.validate_python(str(moment)) == moment


def test_a_secret_is_read_from_the_environment(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SASL.replace("USER", "env:K_USER").replace("PASSWORD", "env:K_PASSWORD")
    monkeypatch.setenv("K_USER", "alice")
    monkeypatch.setenv("K_PASSWORD", "hunter2")
    kafka = load(folder(text)).kafka
    assert kafka.username is not None
    assert kafka.password is not None
    assert (kafka.username.read(), kafka.password.read()) == ("alice", "hunter2")
    assert "hunter2" not in repr(kafka)


@pytest.mark.parametrize("content", ["hunter2", "hunter2\n", "hunter2\r\nremark\n"])
def test_a_secret_is_the_first_line_of_a_file_in_the_folder(folder: Folder, content: str) -> None:
    path = folder(SASL.replace("USER", "corp:alice").replace("PASSWORD", "file:secret/password"))
    (path / "secret").mkdir()
    (path / "secret" / "password").write_text(content, encoding="utf-8", newline="")
    kafka = load(path).kafka
    assert kafka.username is not None
    assert kafka.password is not None
    assert (kafka.username.read(), kafka.password.read()) == ("corp:alice", "hunter2")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("env:K_MISSING", "env:K_MISSING: the environment variable is not set"),
        ("env:K_EMPTY", "env:K_EMPTY: the environment variable is not set"),
        ("file:missing", "file:missing: the file cannot be read or is empty"),
        ("file:empty", "file:empty: the file cannot be read or is empty"),
        ("file:binary", "file:binary: the file cannot be read or is empty"),
    ],
)
def test_a_secret_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: str
) -> None:
    monkeypatch.setenv("K_EMPTY", "")
    monkeypatch.delenv("K_MISSING", raising=False)
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as caught:
        Reference(text, tmp_path).read()
    assert str(caught.value) == line


def test_a_folder_loads_where_its_secrets_are_not(folder: Folder) -> None:
    """So that a replay, or a check before the roll-out, needs none."""
    text = SASL.replace("USER", "a").replace("PASSWORD", "file:/nowhere/password")
    assert load(folder(text)).kafka.security == "sasl_tls"
