"""The embedded broker: there when the block begins, gone when it ends."""

import socket
from pathlib import Path

import pytest

from streams.errors import UserError
from streams.kafka import embedded
from streams.kafka.child import end, spawn
from streams.kafka.embedded import EmbeddedBroker, answers, free_port, wait_until_ready

pytestmark = pytest.mark.embedded


def test_it_answers_inside_the_block_and_is_gone_after_it(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "log")
    assert not answers(broker.bootstrap)
    with broker:
        assert answers(broker.bootstrap)
    assert not answers(broker.bootstrap)


def test_it_is_gone_after_an_error_in_the_block_too(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "log")
    with pytest.raises(KeyError), broker:
        raise KeyError
    assert not answers(broker.bootstrap)


def test_two_run_side_by_side(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "one") as one, EmbeddedBroker(tmp_path / "two") as two:
        assert one.bootstrap != two.bootstrap
        assert answers(one.bootstrap)
        assert answers(two.bootstrap)


def test_where_it_cannot_start_the_error_says_what_it_said(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "log")
    host, port = broker.bootstrap.split(":")
    with socket.create_server((host, int(port))), pytest.raises(UserError) as error, broker:
        pass
    assert str(error.value).startswith("the embedded broker ended at once: ")
    assert "Address in use" in str(error.value)
    assert "\n" not in str(error.value)


def test_without_the_program_the_error_names_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="DESKPULSE_BOOTSTRAP"), EmbeddedBroker(tmp_path / "log"):
        pass


def test_a_broker_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "READY_WITHIN_S", 0.1)
    log = tmp_path / "log"
    deaf = spawn(["sleep", "60"], log)
    try:
        with pytest.raises(UserError, match="does not answer"):
            wait_until_ready("it", deaf, f"127.0.0.1:{free_port()}", log)
    finally:
        end(deaf)


def test_whatever_else_listens_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not answers(f"127.0.0.1:{silent.getsockname()[1]}")
