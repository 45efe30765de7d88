"""Fetched records as they were parsed: what aiokafka makes of each costs more than to parse it."""

from typing import Any


def keep_as_parsed(fetcher: Any) -> None:
    """Have what an aiokafka fetcher holds be handed out without a copy of each record.

    A record as it was parsed has offset, timestamp, key, value and headers.
    """
    for result in fetcher._records.values():  # noqa: SLF001 - aiokafka has no setting for it
        records = getattr(result, "_partition_records", None)
        if records is not None:
            records._consumer_record = _as_parsed  # noqa: SLF001 - as above


def keep_all_as_parsed(consumer: Any) -> None:
    """The same for whatever a consumer will fetch from now on."""
    fetcher = consumer._fetcher  # noqa: SLF001 - as above
    ask = fetcher._proc_fetch_request  # noqa: SLF001 - as above

    async def ask_and_keep(assignment: Any, node_id: int, request: Any) -> Any:
        answered = await ask(assignment, node_id, request)
        keep_as_parsed(fetcher)
        return answered

    fetcher._proc_fetch_request = ask_and_keep  # noqa: SLF001 - as above


def _as_parsed(_: Any, record: Any) -> Any:
    return record
