"""A document that imports another sees what the editor shows of it, saved or not."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.lsp.client import REAL, Client, Document
from tests.lsp.clients import VSCODE
from tests.lsp.session import codes, session
from tests.lsp.test_real_engine import PUSH
from tooearly.lsp.uris import from_path

IMPORTER = """import asyncio
from helper import finish


async def main():
    task = asyncio.create_task(asyncio.sleep(1))
    await finish(task)
    return task.result()
"""
WAITS = "async def finish(task):\n    await task\n"
FORGETS = "async def finish(task):\n    pass\n"


async def shown(client: Client, document: Document, wanted: list[str]) -> None:
    """Wait until these codes are the ones shown for a document."""

    def is_shown() -> bool:
        published = client.published(document.uri)
        return bool(published) and codes(published[-1]["diagnostics"]) == wanted

    await client.until(is_shown)


@session(PUSH, REAL)
async def test_an_unsaved_helper_counts_and_is_followed(client: Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "helper.py"
        path.write_text(WAITS, encoding="utf-8")
        importer = client.open(from_path(Path(folder) / "a.py"), IMPORTER)
        await shown(client, importer, [])
        helper = client.open(from_path(path), FORGETS)
        await shown(client, importer, ["result-before-done"])
        helper.set(WAITS)
        await shown(client, importer, [])
        helper.set(FORGETS)
        await shown(client, importer, ["result-before-done"])
        helper.close()
        await shown(client, importer, [])  # the file on the disk counts again


@session(VSCODE, REAL)
async def test_who_pulls_is_asked_to_pull_again(client: Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "helper.py"
        importer = client.open(from_path(Path(folder) / "a.py"), IMPORTER)
        helper = client.open(from_path(path), WAITS)
        assert codes((await importer.pull())["items"]) == []
        helper.set(FORGETS)
        await client.until(lambda: any(m.get("method") == "workspace/diagnostic/refresh" for m in client.received))
        assert codes((await importer.pull())["items"]) == ["result-before-done"]


MAKER = """import asyncio

# 😀
def start(): return "😀", asyncio.create_task(asyncio.sleep(1))
"""
READER = """from helper import start


async def main():
    _, task = start()
    return task.result()
"""


@session(PUSH, REAL)
async def test_a_step_in_another_file_is_shown_there(client: Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        helper = client.open(from_path(Path(folder) / "helper.py"), MAKER)
        reader = client.open(from_path(Path(folder) / "a.py"), READER)
        (item,) = await reader.diagnostics()
        (step,) = [one for one in item["relatedInformation"] if one["location"]["uri"] == helper.uri]
        assert helper.at(step["location"]["range"]) == "asyncio.create_task(asyncio.sleep(1))"
