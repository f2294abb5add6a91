"""Python source files on the disk: read as the interpreter reads them, written back without loss.

The encoding is the one that `tokenize` finds (a byte order mark, a coding cookie of PEP 263, else UTF-8). Line ends
are kept as they are. Writing goes to a new file beside the old one, which is then renamed over it, so that whoever
reads sees the old or the new text and never a part; the mode is kept, and a symbolic link stays one.
"""

from __future__ import annotations

import io
import os
import shutil
import tokenize
from dataclasses import dataclass
from pathlib import Path


class TextFileError(Exception):
    """A file that cannot be read or written; the message is one line and does not name the file."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of a file without a byte order mark, the encoding to write it in, and the bytes it was read from."""

    text: str
    encoding: str
    raw: bytes


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; TextFileError says why there are none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TextFileError(f"cannot be read: {_reason(error)}") from error


def decode(raw: bytes) -> SourceFile:
    """Decodes source text; TextFileError if the encoding is unknown or the bytes do not fit it."""
    try:
        encoding = _encoding(raw)
        return SourceFile(raw.decode(encoding), encoding, raw)
    except SyntaxError as error:
        raise TextFileError(f"cannot be decoded: {error.msg}") from error
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02x} on line {row}"
        raise TextFileError(
            f"cannot be decoded: {byte} is not {error.encoding}; is a coding cookie missing?"
        ) from error
    except (LookupError, ValueError) as error:
        raise TextFileError(f"cannot be decoded: {error}") from error


def _encoding(raw: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
    except SyntaxError:
        raw.decode("utf-8")  # says where, if the first lines are not UTF-8
        raise


def read(path: Path) -> SourceFile:
    """Reads and decodes a file; TextFileError if that is not possible."""
    return decode(read_bytes(path))


def write(path: Path, old: SourceFile, text: str) -> None:
    """Puts `text` in the place of a file that was read as `old`, in one step.

    Raises TextFileError, and leaves the file as it is, when the file is no longer the one that was read, when its
    encoding cannot hold the text, or when the folder cannot be written to.
    """
    data = encode(old, text)
    target = Path(os.path.realpath(path))
    if read_bytes(target) != old.raw:
        raise TextFileError("was changed by another program meanwhile; not written")
    if not os.access(target, os.W_OK):
        raise TextFileError("cannot be written: it is read-only")
    try:
        _replace(target, data)
    except OSError as error:
        raise TextFileError(f"cannot be written: {_reason(error)}") from error


def encode(old: SourceFile, text: str) -> bytes:
    """`text` in the encoding of `old`; TextFileError if it does not fit, or if writing would change other bytes."""
    try:
        if old.text.encode(old.encoding) != old.raw:
            raise TextFileError(f"cannot be written: {old.encoding} would change other bytes of it")
        return text.encode(old.encoding)
    except UnicodeEncodeError as error:
        raise TextFileError(f"cannot be written: {error.object[error.start]!r} is not in {old.encoding}") from error


def _replace(target: Path, data: bytes) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copystat(target, name)
        os.utime(name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
