"""Settings from the editor and from files, by folder, changed while the server runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.client import Client, Document, Json
from tests.lsp.clients import ALE, EGLOT, VSCODE
from tests.lsp.session import READ, codes, session
from tooearly.config import Settings
from tooearly.lsp.settings import Configuration, Options, read

PUSH: Json = {
    "workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"publishDiagnostics": {"versionSupport": True}},
}
OFF = {"ignore": ["result-before-done"]}


async def next_diagnostics(document: Document, count: int) -> list[Json]:
    """The diagnostics of the publish after the first `count` ones."""
    published = document.client.published
    await document.client.until(lambda: len(published(document.uri)) > count)
    return published(document.uri)[-1]["diagnostics"]


@pytest.mark.parametrize("options", [OFF, {"settings": OFF}, {"tooearly": OFF}, {"settings": {"tooearly": OFF}}])
def test_initialization_options_in_every_form(options: Json) -> None:
    assert read(options).table == (("ignore", ["result-before-done"]),)


def test_defaults_that_an_editor_sends_do_not_override_files() -> None:
    everything = {"enable": True, "reportUnproven": False, "select": [], "ignore": [], "inlayHints": False, "path": ""}
    assert read(everything) == Options()
    assert read({"reportUnproven": True}).table == (("report_unproven", True),)
    assert read({"reportUnproven": False}, read({"reportUnproven": True})).table == ()
    assert read(None) == read([]) == read({"trace": {"server": "off"}}) == Options()
    assert read({"diagnosticMode": "workspace", "inlayHints": {"enable": True}}) == Options(
        inlay_hints=True, whole_workspace=True
    )


@session(ALE, options=OFF)
async def test_initialization_options_hold_from_the_first_analysis(client: Client) -> None:
    assert await client.open("file:///project/a.py", READ).diagnostics() == []


@session(ALE)
async def test_settings_inside_did_change_configuration_hold_at_once(client: Client) -> None:
    document = client.open("file:///project/a.py", READ)
    assert codes(await document.diagnostics()) == ["result-before-done"]
    client.tell("workspace/didChangeConfiguration", {"settings": {"tooearly": OFF}})
    assert await next_diagnostics(document, 1) == []
    client.tell("workspace/didChangeConfiguration", {"settings": {"tooearly": {"ignore": []}}})
    assert codes(await next_diagnostics(document, 2)) == ["result-before-done"]
    client.tell("workspace/didChangeConfiguration", {"settings": {"tooearly": {"enable": False}}})
    assert await next_diagnostics(document, 3) == []


@session(ALE, options={"api": {"my.spawn": {}}})
async def test_rows_that_cannot_be_used_are_told_once_and_left_out(client: Client) -> None:
    document = client.open("file:///project/a.py", READ)
    assert codes(await document.diagnostics()) == ["result-before-done"]
    document.replace("main", "other")
    assert codes(await document.diagnostics()) == ["result-before-done"]
    (shown,) = client.notifications("window/showMessage")
    assert "my.spawn" in shown["message"]


def test_each_folder_has_its_own_settings(tmp_path: Path) -> None:
    one, two = ((tmp_path / name).as_uri() for name in ("one", "two"))

    @session(PUSH, initialize=False)
    async def play(client: Client) -> None:
        silent = {one}
        client.settings = lambda scope, section: OFF if section == "tooearly" and scope in silent else {}
        await client.initialize(folders=(one, two))
        first, second = client.open(one + "/a.py", READ), client.open(two + "/a.py", READ)
        outside = client.open("untitled:Untitled-1", READ)
        assert await first.diagnostics() == []
        assert codes(await second.diagnostics()) == ["result-before-done"]
        assert codes(await outside.diagnostics()) == ["result-before-done"]
        assert [len(client.published(document.uri)) for document in (first, second, outside)] == [1, 1, 1], "no flicker"
        silent.add(two)
        silent.discard(one)
        client.tell("workspace/didChangeConfiguration", {"settings": {}})
        assert codes(await next_diagnostics(first, 1)) == ["result-before-done"]
        assert await next_diagnostics(second, 1) == []
        folder = {"uri": one, "name": "one"}
        client.tell("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
        assert codes(await next_diagnostics(first, 2)) == ["result-before-done"]

    play()


def test_configuration_files_are_watched(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    uri = (tmp_path / "a.py").as_uri()

    def written(text: str) -> Json:
        file.write_text(text)
        return {"changes": [{"uri": file.as_uri(), "type": 2}]}

    @session(PUSH, folders=(tmp_path.as_uri(),))
    async def play(client: Client) -> None:
        registered = await client.until(lambda: client.notifications("client/registerCapability"))
        patterns = [item["globPattern"] for item in registered[0]["registrations"][0]["registerOptions"]["watchers"]]
        assert "**/pyproject.toml" in patterns
        document = client.open(uri, READ)
        assert codes(await document.diagnostics()) == ["result-before-done"]
        client.tell("workspace/didChangeWatchedFiles", written('[tool.tooearly]\nignore = ["result-before-done"]\n'))
        assert await next_diagnostics(document, 1) == []
        client.tell("workspace/didChangeWatchedFiles", written('[tool.tooearly]\nexclude = ["a.py"]\n'))
        assert await next_diagnostics(document, 2) == [], "excluded files are silent"
        client.tell("workspace/didChangeWatchedFiles", written("[tool.tooearly]\nnonsense = 1\n"))
        assert codes(await next_diagnostics(document, 3)) == ["result-before-done"]
        client.tell("workspace/didChangeWatchedFiles", written("[tool.tooearly]\nnonsense = 1\n"))
        await next_diagnostics(document, 4)
        (shown,) = client.notifications("window/showMessage")
        assert "nonsense" in shown["message"], "a wrong configuration is told to the user, once"
        client.tell("workspace/didChangeWatchedFiles", written("[tool.tooearly]\n"))
        assert codes(await next_diagnostics(document, 5)) == ["result-before-done"]

    play()


@session(VSCODE)
async def test_clients_that_pull_are_asked_to_pull_again(client: Client) -> None:
    document = client.open("file:///project/a.py", READ)
    first = await document.pull()
    client.settings = lambda _scope, _section: OFF
    client.tell("workspace/didChangeConfiguration", {"settings": None})
    await client.until(lambda: [m for m in client.received if m.get("method") == "workspace/diagnostic/refresh"])
    assert (await document.pull(first["resultId"]))["items"] == []


@session(EGLOT, initialize=False)
async def test_a_client_that_never_tells_its_settings_is_served_all_the_same(client: Client) -> None:
    client.mute.add("workspace/configuration")
    await client.initialize()
    assert codes(await client.open("file:///project/a.py", READ).diagnostics()) == ["result-before-done"]


def test_the_editor_goes_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tooearly]\nreport-unproven = true\nselect = ["blocking-result"]\n')
    configuration = Configuration()
    uri = (tmp_path / "a.py").as_uri()
    assert configuration.resolve(uri).settings == Settings(report_unproven=True, select=("blocking-result",))
    configuration.change_options(read({"select": ["result-before-done"]}))
    assert configuration.resolve(uri).settings == Settings(report_unproven=True, select=("result-before-done",))
    assert configuration.resolve("untitled:a").settings == Settings(select=("result-before-done",))
    said: list[str] = []
    configuration = Configuration(said.append)
    configuration.change_options(read({"select": ["no-such-rule"]}))
    assert configuration.resolve("untitled:a").settings == Settings()
    assert "no-such-rule" in said[0]
