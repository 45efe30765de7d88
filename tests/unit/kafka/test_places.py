"""What is sent by its key goes where Kafka's own producer would send it, for all time."""

import pytest

from streams.kafka.changelog import place_of


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"abc", 479470107),
    ],
)
def test_the_partition_of_a_key_is_that_of_kafkas_own_producer(key: bytes, digest: int) -> None:
    """The numbers are those of murmur2 in Kafka's own tests."""
    for partitions in (1, 4, 12):
        expected = (digest & 0x7FFFFFFF) % partitions
        assert place_of(key, range(partitions)) == expected
