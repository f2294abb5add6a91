"""A fix that would only move the finding is shown with its reason, whether the fixes have been tried before or not."""

from __future__ import annotations

import asyncio

from tests.lsp.client import REAL, Client
from tests.lsp.clients import VSCODE
from tests.lsp.session import session

TEXT = """import asyncio


async def main():
    task = asyncio.create_task(asyncio.sleep(1))
    await asyncio.sleep(0)
    print(task.result())
    print(task.exception())
"""


@session(VSCODE, REAL)
async def test_a_guard_that_moves_the_finding(client: Client) -> None:
    document = client.open("file:///project/a.py", TEXT)
    (item,) = (await document.pull())["items"]
    for text in (TEXT, f"# later\n{TEXT}"):
        document.set(text)
        (item,) = (await document.pull())["items"]
        at_once = await document.actions(item["range"], [item])
        await asyncio.sleep(0.6)  # time enough to try them
        assert await document.actions(item["range"], [item]) == at_once
        refused = [action["disabled"]["reason"] for action in at_once if "disabled" in action]
        assert "another read would then be too early" in refused
        assert at_once[0]["isPreferred"] is True
        assert "edit" in at_once[0]
