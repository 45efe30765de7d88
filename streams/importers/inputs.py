"""The bytes of a recorded log: plain, gzipped, or the one file in a zip archive."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Final

from streams.importers.errors import UnusableInputError

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
ENCRYPTED: Final = 0x1
"""The bit of a zip entry's flags that asks for a password."""


@contextmanager
def open_log(path: Path) -> Iterator[IO[bytes]]:
    """Open a log for streaming; the first bytes tell how it is packed, not the name.

    Raises `UnusableInputError` here, or while it is being read, when the file cannot be
    read, is damaged, or is an archive of anything but one file.
    """
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            start = raw.peek(4)
            if start.startswith(GZIP):
                yield BufferedReader(stack.enter_context(gzip.open(raw)))
            elif start.startswith(ZIP):
                archive = stack.enter_context(zipfile.ZipFile(raw))
                yield stack.enter_context(archive.open(_only_file(archive)))
            else:
                yield raw
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError) as e:
        raise UnusableInputError(f"damaged or unknown packing ({e}); fetch it again") from e
    except OSError as e:
        raise UnusableInputError(f"cannot be read ({e.strerror or e})") from e


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [
        entry
        for entry in archive.infolist()
        # macOS adds its own bookkeeping beside every file it zips.
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
    ]
    if len(files) != 1:
        raise UnusableInputError(f"expected one file in the archive, found {len(files)}")
    if files[0].flag_bits & ENCRYPTED:
        raise UnusableInputError("needs a password; unpack it first")
    return files[0]
