"""How bytes come in and go out: stdio or TCP, framing, and the end of the process.

pygls reads each header line through a thread pool and joins that pool at the end, so a stuck thread keeps the process
alive, and the end of stdin is noticed late. Here one daemon thread reads whole messages and hands them to the event
loop; it goes on reading whatever the loop does, so a client that writes much is never blocked by one that reads
little. The process leaves with `os._exit`: there is nothing to save, and no thread may hold it up.

The process ends on `exit`, at the end of stdin, when the client closes the TCP connection, and when the process that
started it is gone (`processId` of `initialize`), each within a second or two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable

from tooearly.lsp.framing import Framing, claim_stdout, content_length, read_message

log = logging.getLogger(__name__)
PARENT_POLL_SECONDS = 1.0
Receive = Callable[[bytes], None]


async def serve_stdio(receive: Receive, connect: Callable[[Framing], None], writer: Framing | None = None) -> None:
    """Serve on stdin and stdout until stdin ends. `writer`: the way out, if one has been made already."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    stdin = sys.stdin.buffer
    connect(writer or claim_stdout())

    def pump() -> None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # RuntimeError: the loop is closed
            while (body := read_message(stdin)) is not None:
                loop.call_soon_threadsafe(receive, body)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    await ended.wait()


async def serve_tcp(receive: Receive, connect: Callable[[Framing], None], host: str, port: int) -> None:
    """Listen, serve one client, and return when it has gone. Prints the address on stderr, as port 0 picks one."""
    ended = asyncio.Event()
    busy = False

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        if busy:  # one server has one client
            writer.close()
            return
        busy = True
        connect(Framing(writer))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while (body := await _read_message(reader)) is not None:
                receive(body)
        ended.set()

    server = await asyncio.start_server(client, host, port)
    address = server.sockets[0].getsockname()
    sys.stderr.write(f"tooearly: listening on {address[0]}:{address[1]}\n")
    sys.stderr.flush()
    await ended.wait()


async def _read_message(reader: asyncio.StreamReader) -> bytes | None:
    length: int | None = None
    while True:
        line = await reader.readline()
        if not line:
            return None
        if line.strip():
            found = content_length(line)
            length = found if found is not None else length
        elif length is not None:
            return await reader.readexactly(length)


def is_running(process: int) -> bool:
    """Whether a process with that id exists."""
    if os.name == "nt":
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and not ours
        return True
    return True


def _is_running_on_windows(process: int) -> bool:  # pragma: no cover - needs Windows
    import ctypes

    synchronize, timeout = 0x00100000, 0x102
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - not there on other systems
    handle = kernel.OpenProcess(synchronize, False, process)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timeout)
    finally:
        kernel.CloseHandle(handle)


async def watch_parent(process: int, leave: Callable[[int], None]) -> None:
    """Leave when the client's process is gone: a killed editor does not always close our stdin."""
    while is_running(process):  # noqa: ASYNC110 - another process sets no event here
        await asyncio.sleep(PARENT_POLL_SECONDS)
    log.warning("the client (process %d) is gone", process)
    leave(1)


def leave(code: int) -> None:
    """End the process now, whatever its threads are doing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
