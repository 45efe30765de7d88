"""Recorded helpdesk logs in, ticket events (CloudEvents, CONTRACTS section 1) out.

Reading order, which is the way of a row:

* `mapping`, `mapping_file` - what each column of a log means, validated whole;
* `inputs` - a file's bytes, whether plain, gzipped or zipped;
* `table`, `xes` - those bytes as `rows`: a line number and the named columns, no others;
* `instants`, `values` - a cell's text as an instant, or as a value of the contract;
* `plan`, `translate` - a row as events, or refused with a reason;
* `summary`, `errors` - what was read, written and refused; why nothing was;
* `run` - the three formats, and a whole import from file to file.
"""

from streams.importers.errors import UnusableInputError
from streams.importers.mapping import LogMapping
from streams.importers.mapping_file import load_mapping
from streams.importers.run import FORMATS, events, run_import
from streams.importers.summary import Reason, Summary

__all__ = [
    "FORMATS",
    "LogMapping",
    "Reason",
    "Summary",
    "UnusableInputError",
    "events",
    "load_mapping",
    "run_import",
]
