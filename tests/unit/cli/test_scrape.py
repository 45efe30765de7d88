"""Reading workers: what is joined how, and what a look remembers of the last one."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from streams.metrics.numbers import Distribution, Numbers
from streams.metrics.scrape import NoAnswerError, Peak, fetch, scrape
from tests.unit.cli.exposition import NOON, depth, look, looks, numbers, one, partition, text

A = "http://worker-1:9108/metrics"
B = "http://worker-2:9108/metrics"
REFUSED = ConnectionRefusedError(111, "Connection refused")

REAL = """\
# HELP deskpulse_tickets_active Tickets that are neither "resolved" nor closed.
# TYPE deskpulse_tickets_active gauge
deskpulse_tickets_active{priority="high",queue="a\\"b\\\\c",status="open"} 3.0
# TYPE deskpulse_events_total counter
deskpulse_events_total{outcome="applied"} 1.2e+03
# TYPE deskpulse_window_resolution_seconds histogram
deskpulse_window_resolution_seconds_bucket{le="3600.0",queue="a",window="24h"} 1.0
deskpulse_window_resolution_seconds_bucket{le="+Inf",queue="a",window="24h"} 2.0
# TYPE deskpulse_window_resolution_seconds_gcount gauge
deskpulse_window_resolution_seconds_gcount{queue="a",window="24h"} 2.0
# TYPE deskpulse_last_commit_timestamp_seconds gauge
deskpulse_last_commit_timestamp_seconds NaN
# TYPE python_info gauge
python_info{version="3.11"} 1.0
"""


def test_reads_the_text_format_of_a_worker() -> None:
    found = Numbers.read(REAL)
    assert found.by("tickets_active", "queue") == {'a"b\\c': 3}
    assert found.value("events_total") == 1200
    inf = float("inf")
    assert found.distribution("window_resolution_seconds").buckets == ((3600, 1), (inf, 2))
    assert found.value("last_commit_timestamp_seconds") is None
    assert found.value("info") is None


def test_series_of_several_workers_are_joined_by_what_they_mean() -> None:
    def worker(age: float, lag: float) -> str:
        oldest = one(
            "oldest_unanswered_timestamp_seconds", NOON - age, queue="billing", priority="low"
        )
        lags = one("consumer_lag_seconds", lag, partition="0")
        return text(depth("billing", 2), oldest, lags, *partition(0, watermark=NOON - lag))

    found = looks({A: worker(60, 5), B: worker(90, 3)}).numbers
    assert found.value("tickets_active", queue="billing") == 4
    assert found.value("oldest_unanswered_timestamp_seconds") == NOON - 90
    assert found.value("consumer_lag_seconds") == 5
    assert found.value("watermark_timestamp_seconds") == NOON - 3


def test_a_partition_two_workers_name_is_ready_only_if_both_say_so() -> None:
    both = looks({A: text(*partition(0)), B: text(*partition(0, ready=0))})
    assert both.numbers.by("state_ready", "partition") == {"0": 0}


def test_a_source_is_silent_only_if_it_is_so_for_every_worker() -> None:
    heard, silent = (text(one("source_silent", n, source="zendesk/acme")) for n in (0, 1))
    assert looks({A: heard, B: silent}).numbers.value("source_silent") == 0
    assert looks({A: silent, B: silent}).numbers.value("source_silent") == 1


def test_what_nobody_exports_is_unknown_rather_than_zero() -> None:
    found = numbers(depth("billing", 1))
    assert found.value("tickets_unassigned") is None
    assert found.value("tickets_active", queue="payments") is None
    assert found.distribution("window_resolution_seconds").quantile(0.5) is None


INF = float("inf")


@pytest.mark.parametrize(
    ("buckets", "share", "seconds"),
    [
        # ten evenly in (0, 100]: halfway through the first bucket
        (((100, 10), (200, 10), (INF, 10)), 0.5, 50),
        # five up to 100, five in (100, 200]
        (((100, 5), (200, 10), (INF, 10)), 0.5, 100),
        (((100, 5), (200, 10), (INF, 10)), 0.9, 180),
        # an empty first bucket: nothing lies in it
        (((100, 0), (200, 4), (INF, 4)), 0.5, 150),
        # beyond the last bound nothing can be said but that
        (((100, 1), (INF, 10)), 0.5, INF),
        (((100, 0), (INF, 0)), 0.5, None),
    ],
)
def test_a_percentile_is_interpolated_in_its_bucket(
    buckets: tuple[tuple[float, float], ...], share: float, seconds: float | None
) -> None:
    assert Distribution(buckets).quantile(share) == seconds


def test_the_peak_stays_with_the_event_time_it_was_seen_at() -> None:
    first = look(depth("billing", 3), *partition(0))
    higher = look(depth("billing", 8), *partition(0, watermark=NOON + 60), before=first)
    lower = look(depth("billing", 8), *partition(0, watermark=NOON + 120), before=higher)
    assert [each.peak for each in (first, higher, lower)] == [
        Peak(3, NOON * 1000),
        Peak(8, (NOON + 60) * 1000),
        Peak(8, (NOON + 60) * 1000),
    ]


def applied(number: float) -> str:
    return text(one("events_total", number, outcome="applied"))


def test_the_event_rate_is_that_between_two_looks() -> None:
    before = looks({A: applied(100), B: applied(1000)}, at_s=10)
    now = looks({A: applied(300), B: applied(1400)}, before, at_s=12)
    assert now.events_per_second(before) == 300
    assert before.events_per_second(before) is None


def test_a_worker_that_comes_back_is_no_burst_of_events() -> None:
    before = looks({A: applied(100), B: REFUSED}, at_s=10)
    now = looks({A: applied(120), B: applied(1_000_000)}, before, at_s=12)
    assert now.events_per_second(before) == 10


def test_a_worker_that_restarted_counts_from_zero() -> None:
    before = looks({A: applied(1000)}, at_s=10)
    now = looks({A: applied(40)}, before, at_s=12)
    assert now.events_per_second(before) == 20


def test_the_numbers_of_a_silent_worker_leave_the_sums() -> None:
    both = looks({A: text(depth("billing", 2)), B: text(depth("billing", 3))}, at_s=10)
    left = looks({A: text(depth("billing", 2)), B: REFUSED}, both, at_s=12)
    assert left.numbers.value("tickets_active") == 2
    assert [(each.answered_ms, each.problem) for each in left.workers] == [
        (12_000, ""),
        (10_000, "Connection refused"),
    ]


def test_when_all_are_silent_the_last_numbers_stand() -> None:
    first = looks({A: text(depth("billing", 2))}, at_s=10)
    later = looks({A: REFUSED}, looks({A: REFUSED}, first, at_s=11), at_s=12)
    assert later.numbers == first.numbers
    assert later.workers[0].answered_ms == 10_000
    assert later.at_ms == 12_000


def test_one_of_several_is_enough_to_begin_with() -> None:
    assert looks({A: text(depth("billing", 2)), B: REFUSED}).workers[1].answered_ms is None


def test_without_any_first_answer_the_error_names_each_address_and_why() -> None:
    with pytest.raises(NoAnswerError) as caught:
        looks({A: REFUSED, B: TimeoutError("timed out")})
    assert str(caught.value) == f"{A}: Connection refused; {B}: timed out"


@pytest.mark.parametrize("answer", ["", "up 1\n", "Deskpulse\n/metrics\n"])
def test_what_answers_without_our_numbers_is_no_worker(answer: str) -> None:
    with pytest.raises(NoAnswerError, match="answers, but not with deskpulse's numbers"):
        looks({A: answer})


def test_an_address_given_twice_is_one_worker() -> None:
    found = scrape([A, A], fetch=lambda _: text(depth("billing", 2)), clock=lambda: 0)
    assert found.numbers.value("tickets_active") == 2


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = {
            "/metrics": text(depth("Zürich", 2)),
            "/who": str(self.headers.get("Authorization")),
        }.get(self.path, "")
        self.send_response(302 if self.path == "/redirected" else 200 if said else 404)
        if self.path == "/redirected":
            self.send_header("Location", "/who")
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_asks_over_http() -> None:
    with endpoint() as address:
        assert fetch(f"{address}/metrics") == text(depth("Zürich", 2))


def test_an_http_error_is_no_answer() -> None:
    with endpoint() as address, pytest.raises(NoAnswerError, match="elsewhere: Not Found"):
        scrape([f"{address}/elsewhere"])


@pytest.mark.parametrize("url", ["worker-1:9108", "file:///etc/hostname", ""])
def test_an_address_is_an_http_address(url: str) -> None:
    with pytest.raises(NoAnswerError, match="write the address like http://"):
        scrape([url])


def test_credentials_are_sent_to_the_worker_and_not_to_where_it_points() -> None:
    with endpoint() as address:
        assert fetch(f"{address}/who", "Bearer s3cret") == "Bearer s3cret"
        assert fetch(f"{address}/redirected", "Bearer s3cret") == "None"


def test_credentials_are_not_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="write the address with https"):
        fetch("http://worker-1:9108/metrics", "Bearer s3cret")
