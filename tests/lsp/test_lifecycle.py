"""From the start to the end of a server: handshake, manners, and every way to leave."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys

import pytest

from tests.lsp.client import FAKE, REAL, Client, LspError
from tests.lsp.clients import VSCODE
from tests.lsp.session import READ, codes, session

URI = "file:///project/a.py"


@session()
async def test_says_who_it_is_and_what_it_offers(client: Client) -> None:
    first = client.received[0]["result"]
    assert first["serverInfo"]["name"] == "tooearly"
    assert client.server["textDocumentSync"]["change"] == 2
    assert client.server["positionEncoding"] == "utf-16"
    assert "diagnosticProvider" not in client.server
    assert "notebookDocumentSync" not in client.server
    assert "inlayHintProvider" not in client.server


@session(initialize=False, clean=False)
async def test_requests_before_initialize_are_refused(client: Client) -> None:
    with pytest.raises(LspError) as refused:
        await client.ask("textDocument/hover", {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}})
    assert refused.value.code == -32002
    client.tell(
        "textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": ""}}
    )
    await client.initialize()
    with pytest.raises(LspError) as again:
        await client.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert again.value.code == -32600
    assert await client.stop() == 0


@session(clean=False)
async def test_requests_after_shutdown_are_refused_and_exit_is_clean(client: Client) -> None:
    await client.ask("shutdown", None)
    with pytest.raises(LspError) as refused:
        await client.ask("textDocument/hover", {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}})
    assert refused.value.code == -32600
    client.tell("exit", None)
    assert await client.ended() == 0


@session(clean=False)
async def test_exit_without_shutdown_is_a_failure(client: Client) -> None:
    client.tell("exit", None)
    assert await client.ended() == 1


@session(clean=False)
async def test_end_of_stdin_ends_the_process(client: Client) -> None:
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert await client.ended() == 1


@session(clean=False)
@pytest.mark.parametrize(
    "rest", ["Content-Len", "Content-Length: 100\r\n\r\n{", f"Content-Length: {10**20}\r\n\r\n{{}}"]
)
async def test_end_of_stdin_within_a_message_ends_the_process(client: Client, rest: str) -> None:
    client.open(URI, READ)
    assert client.process.stdin is not None
    client.process.stdin.write(rest.encode())
    client.process.stdin.close()
    assert await client.ended() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
@session(command=REAL, clean=False)
async def test_an_interrupt_ends_the_process_without_a_word(client: Client) -> None:
    await client.open(URI, READ).diagnostics()
    client.process.send_signal(signal.SIGINT)
    assert await client.ended() == 130
    assert client.errors == ""


@session(clean=False)
async def test_end_of_stdin_ends_the_process_while_an_analysis_is_stuck(client: Client) -> None:
    client.open(URI, READ + "# STUCK\n")
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert await client.ended() == 1


@session()
async def test_shutdown_with_a_stuck_analysis_is_clean(client: Client) -> None:
    client.open(URI, READ + "# STUCK\n")


@session(initialize=False, clean=False)
async def test_death_of_the_parent_ends_the_process(client: Client) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    try:
        await client.initialize(process=parent.pid)
    finally:
        parent.kill()
        await parent.wait()
    assert await client.ended() == 1


@session({"workspace": {"configuration": True}}, initialize=False, clean=False)
async def test_an_answer_that_comes_after_its_request_was_given_up_does_no_harm(client: Client) -> None:
    client.mute.add("workspace/configuration")
    await client.initialize()
    asked = await client.until(
        lambda: [message for message in client.received if message.get("method") == "workspace/configuration"]
    )
    await client.ask("shutdown", None)
    client.write({"id": asked[0]["id"], "result": [None]})
    client.tell("exit", None)
    assert await client.ended() == 0
    assert client.errors == ""


@session()
async def test_messages_that_make_no_sense_do_no_harm(client: Client) -> None:
    assert client.process.stdin is not None
    for body in (b"{", b"[]", b"17", b'"x"', b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","method":7}', b"\xff\xfe"):
        client.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    client.process.stdin.write(b"X-Other: 1\r\nContent-Length: junk\r\nContent-Type: a\r\ncontent-length: 2\r\n\r\n{}")
    client.tell("textDocument/didChange", {"textDocument": "no object"})
    client.tell("some/unknownNotification", {"a": 1})
    client.tell("$/cancelRequest", {"id": 4711})
    with pytest.raises(LspError) as unknown:
        await client.ask("some/unknownRequest", {"a": 1})
    assert unknown.value.code == -32601
    with pytest.raises(LspError) as unfit:
        await client.ask("textDocument/hover", {"textDocument": 5})
    assert unfit.value.code == -32602
    assert codes(await client.open(URI, READ).diagnostics()) == ["result-before-done"]
    assert client.notifications("window/showMessage") == []


@session(VSCODE)
async def test_every_request_for_an_unknown_document_has_an_empty_result_and_a_log_line(client: Client) -> None:
    there = {"textDocument": {"uri": URI}}
    position = {"position": {"line": 3, "character": 4}}
    everywhere = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}}
    requests = {
        "textDocument/hover": (there | position, None),
        "textDocument/codeAction": (there | everywhere | {"context": {"diagnostics": []}}, []),
        "textDocument/inlayHint": (there | everywhere, []),
        "textDocument/diagnostic": (there, {"kind": "full", "items": []}),
        "tooearly/states": (there, None),
    }
    for method, (parameters, empty) in requests.items():
        before = len(client.log)
        assert await client.ask(method, parameters) == empty, method
        assert any(URI in line for line in client.log[before:]), method
    for method in ("textDocument/didChange", "textDocument/didSave", "textDocument/didClose"):
        client.tell(method, {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "x"}]})
    assert await client.ask("textDocument/hover", there | position) is None
    assert client.notifications("window/showMessage") == []


@session()
async def test_a_failing_analysis_is_logged_and_the_next_text_is_analysed(client: Client) -> None:
    document = client.open(URI, READ + "# RAISE\n")
    assert await document.diagnostics() == []
    assert any("told to fail" in line for line in client.log)
    document.replace("RAISE", "fine")
    assert codes(await document.diagnostics()) == ["result-before-done"]
    assert client.notifications("window/showMessage") == []


@session(env={"FAKE_ENGINE_FAILS": "1"})
async def test_an_engine_that_cannot_be_loaded_is_told_to_the_user_once(client: Client) -> None:
    document = client.open(URI, READ)
    assert await document.diagnostics() == []
    document.replace("main", "other")
    assert await document.diagnostics() == []
    shown = client.notifications("window/showMessage")
    assert len(shown) == 1
    assert "no engine here" in shown[0]["message"]


@session(env={"FAKE_PATIENCE": "0.3"})
async def test_an_analysis_that_does_not_come_back_is_given_up_and_others_go_on(client: Client) -> None:
    stuck = client.open("file:///project/stuck.py", READ + "# STUCK\n")
    other = client.open(URI, READ)
    assert codes(await other.diagnostics()) == ["result-before-done"]
    shown = client.notifications("window/showMessage")
    assert len(shown) == 1
    assert any("stuck.py" in line for line in client.log)
    stuck.set(READ)
    assert codes(await stuck.diagnostics()) == ["result-before-done"]


@session()
async def test_trace_tells_of_each_analysis_only_when_switched_on(client: Client) -> None:
    document = client.open(URI, READ)
    await document.diagnostics()
    assert client.notifications("$/logTrace") == []
    client.tell("$/setTrace", {"value": "verbose"})
    document.replace("main", "other")
    await document.diagnostics()
    (line,) = client.notifications("$/logTrace")
    assert re.search(r"1 findings? in [\d.]+ ms", line["message"])
    assert "asyncio" not in " ".join(client.log), "texts do not belong into the log"


@session()
async def test_a_cancelled_request_is_answered_so(client: Client) -> None:
    document = client.open(URI, READ + "# SLOW\n")
    position = {"line": 9, "character": 12}
    number, answer, message = client.request(
        "textDocument/hover", {"textDocument": document.identifier, "position": position}
    )
    client.write(message, {"method": "$/cancelRequest", "params": {"id": number}})
    assert (await answer)["error"]["code"] == -32800
    assert codes(await document.diagnostics()) == ["result-before-done"]


def test_serves_one_client_on_tcp() -> None:
    async def talk() -> None:
        client = Client(command=(*FAKE, "--tcp"))
        try:
            await client.start(initialize=False)
            found = re.search(r"listening on ([\d.]+):(\d+)", await client.said())
            assert found
            reader, writer = await asyncio.open_connection(found[1], int(found[2]))
            parameters = {"processId": None, "rootUri": None, "capabilities": {}}
            message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters}
            body = json.dumps(message).encode()
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            header = await reader.readuntil(b"\r\n\r\n")
            assert b"tooearly" in await reader.readexactly(int(header.split()[1]))
            writer.close()
            assert await client.ended() == 1
        finally:
            await client.kill()

    asyncio.run(talk())
