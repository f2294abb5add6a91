"""Each editor opens the demo file, shows the diagnostic, applies the preferred fix and saves it: the disk is judged."""

from __future__ import annotations

from pathlib import Path

from tests.editors.support import AWAITED, HERE, ROOT, Seen, run_editor, set_up, snippet, workspace


def test_neovim(tmp_path: Path) -> None:
    set_up("neovim")
    demo = workspace(tmp_path)
    init = tmp_path / "init.lua"
    init.write_text(snippet("Neovim", "lua"), encoding="utf-8")
    neovim = ROOT / ".cache" / "neovim" / "bin" / "nvim"
    command = [str(neovim), "--headless", "-n", "-u", str(init), str(demo), "-c", f"luafile {HERE / 'neovim.lua'}"]
    judge(run_editor(command, tmp_path))


def test_emacs_with_eglot(tmp_path: Path) -> None:
    emacs("Emacs, with eglot", "eglot.el", tmp_path)


def test_emacs_with_lsp_mode(tmp_path: Path) -> None:
    emacs("Emacs, with lsp-mode", "lsp-mode.el", tmp_path)


def test_vim_with_ale(tmp_path: Path) -> None:
    set_up("vim")
    demo = workspace(tmp_path)
    vimrc = tmp_path / "vimrc"
    everyday = "filetype plugin on\nset hidden\n"  # what any vimrc has
    vimrc.write_text(everyday + snippet("Vim, with ALE", "vim"), encoding="utf-8")
    # Vim wants a terminal: `script` gives it one.
    vim = f"vim.nox -n -N -u '{vimrc}' -S '{HERE / 'ale.vim'}' '{demo}'"
    judge(run_editor(["script", "-qec", vim, "/dev/null"], tmp_path))


def emacs(heading: str, script: str, folder: Path) -> None:
    set_up("emacs")
    demo = workspace(folder)
    init = folder / "init.el"
    init.write_text(snippet(heading, "elisp"), encoding="utf-8")
    judge(run_editor(["emacs", "--batch", "-l", str(init), "-l", str(HERE / script), str(demo)], folder))


def judge(seen: Seen) -> None:
    assert [found["line"] for found in seen.diagnostics] == [12]
    assert "`task`" in seen.diagnostics[0]["message"]
    assert seen.text == AWAITED
