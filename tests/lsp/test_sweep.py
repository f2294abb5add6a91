"""Diagnostics of the whole workspace, pulled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.client import Client, Json
from tests.lsp.clients import VSCODE
from tests.lsp.session import READ, codes, session

WHOLE = {"diagnosticMode": "workspace"}


def ask(previous: list[Json] | None = None, **tokens: str) -> Json:
    return {"identifier": "tooearly", "previousResultIds": previous or [], **tokens}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(120):
        (tmp_path / f"m{number:03}.py").write_text(READ if number % 2 else "x = 1\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "hidden.py").write_text(READ)
    (tmp_path / "latin.py").write_bytes(b"x.result() # \xe9\n")
    return tmp_path


def test_all_files_with_findings_in_pieces_and_with_progress(folder: Path) -> None:
    @session(VSCODE, folders=(folder.as_uri(),), initialize=False)
    async def play(client: Client) -> None:
        client.settings = lambda _scope, _section: WHOLE
        await client.initialize(folders=(folder.as_uri(),), options=WHOLE)
        opened = client.open((folder / "m001.py").as_uri(), READ)
        await opened.pull()
        tokens = {"partialResultToken": "part", "workDoneToken": "work"}
        last = await client.ask("workspace/diagnostic", ask(**tokens))
        progress = client.notifications("$/progress")
        pieces = [item["value"]["items"] for item in progress if item["token"] == "part"]
        reports = [report for piece in pieces for report in piece]
        assert [len(pieces), last] == [2, {"items": []}], "fifty at a time, and nothing twice"
        assert {Path(report["uri"]).name for report in reports} == {f"m{n:03}.py" for n in range(3, 120, 2)}
        assert all(codes(report["items"]) == ["result-before-done"] for report in reports)
        work = [item["value"] for item in progress if item["token"] == "work"]
        assert [work[0]["kind"], work[-1]["kind"]] == ["begin", "end"]
        assert any("latin.py" in line for line in client.log)
        previous = [{"uri": report["uri"], "value": report["resultId"]} for report in reports]
        (folder / "m003.py").write_text("x = 1\n")
        (folder / "m004.py").write_text(READ)
        again = (await client.ask("workspace/diagnostic", ask(previous)))["items"]
        assert {Path(item["uri"]).name: len(item["items"]) for item in again} == {"m003.py": 0, "m004.py": 1}
        previous += [{"uri": item["uri"], "value": item["resultId"]} for item in again]
        (folder / "m005.py").unlink()
        gone = (await client.ask("workspace/diagnostic", ask(previous)))["items"]
        assert [(Path(item["uri"]).name, item["items"]) for item in gone] == [("m005.py", [])]
        previous = [item for item in previous if "m005" not in item["uri"]]
        previous += [{"uri": item["uri"], "value": item["resultId"]} for item in gone]
        _, waiting, message = client.request("workspace/diagnostic", ask(previous))
        client.write(message)
        await opened.pull()
        assert not waiting.done(), "what is gone is told once"
        opened.close()
        (closed,) = (await waiting)["result"]["items"]
        assert (Path(closed["uri"]).name, codes(closed["items"])) == ("m001.py", ["result-before-done"])

    play()


def test_without_the_option_nothing_is_swept_and_the_client_is_not_kept_busy(folder: Path) -> None:
    @session(VSCODE, folders=(folder.as_uri(),))
    async def play(client: Client) -> None:
        assert await client.ask("workspace/diagnostic", ask()) == {"items": []}
        number, waiting, message = client.request("workspace/diagnostic", ask())
        client.write(message)
        await client.open("untitled:a", READ).pull()
        assert not waiting.done(), "an answer that tells nothing new is held back"
        client.write({"method": "$/cancelRequest", "params": {"id": number}})
        assert (await waiting)["error"]["code"] == -32800
        _, waiting, message = client.request("workspace/diagnostic", ask())
        client.write(message)
        client.settings = lambda _scope, _section: WHOLE
        client.tell("workspace/didChangeConfiguration", {"settings": None})
        assert len((await waiting)["result"]["items"]) == 60

    play()


def test_progress_ends_when_the_request_is_cancelled(folder: Path) -> None:
    @session(VSCODE, folders=(folder.as_uri(),), initialize=False)
    async def play(client: Client) -> None:
        client.settings = lambda _scope, _section: WHOLE
        await client.initialize(folders=(folder.as_uri(),), options=WHOLE)
        number, waiting, message = client.request("workspace/diagnostic", ask(workDoneToken="work"))
        client.write(message)
        await client.until(lambda: client.notifications("$/progress"))
        client.write({"method": "$/cancelRequest", "params": {"id": number}})
        assert (await waiting)["error"]["code"] == -32800
        await client.until(lambda: client.notifications("$/progress")[-1]["value"]["kind"] == "end")

    play()
