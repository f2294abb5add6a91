"""Runs an asynchronous test against a fresh server process, and ends that process whatever happens."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from tests.lsp.client import FAKE, Client, Json

Test = Callable[..., Awaitable[None]]

READ = """import asyncio


async def work():
    await asyncio.sleep(1)


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    return task.result()
"""


def session(
    capabilities: Json | None = None, command: tuple[str, ...] = FAKE, *, clean: bool = True, **options: Any
) -> Callable[[Test], Callable[..., None]]:
    """Gives the test a client that has shaken hands. `clean`: at the end, `shutdown` and `exit` must end it with 0."""

    def decorate(test: Test) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            asyncio.run(play(fixtures))

        async def play(fixtures: dict[str, Any]) -> None:
            client = Client(capabilities, command)
            try:
                await client.start(**options)
                await test(client, **fixtures)
                if clean:
                    assert await client.stop() == 0, client.errors
                    assert client.errors == ""
            finally:
                await client.kill()

        signature = inspect.signature(test)
        run.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
        return run

    return decorate


def codes(diagnostics: list[Json]) -> list[str]:
    """The codes of some diagnostics."""
    return [item["code"] for item in diagnostics]
