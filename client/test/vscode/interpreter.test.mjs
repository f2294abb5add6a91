// Which Python runs the server, beside a Python extension that lets the user choose; and the view of the task states.
//
// The Python extension is not to be had from the package registries. A small one under its name stands in, with the
// three members of its interface that are used: the interpreter is the one named in the workspace's file `chosen`.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inWorkbench, options } from './demo.mjs';
import { packExtension, until } from './workbench.mjs';

const STAND_IN = {
    'package.json': JSON.stringify({
        name: 'python',
        publisher: 'ms-python',
        version: '0.0.1',
        description: 'stand-in',
        engines: { vscode: '^1.91.0' },
        main: './main.js',
        activationEvents: [],
        contributes: { commands: [{ command: 'standIn.chosen', title: 'Interpreter Chosen' }] },
    }),
    'README.md': 'A stand-in.',
    'main.js': `
        const vscode = require('vscode');
        const { readFileSync } = require('fs');
        exports.activate = (context) => {
            const changed = new vscode.EventEmitter();
            const folder = () => vscode.workspace.workspaceFolders[0].uri.fsPath;
            context.subscriptions.push(vscode.commands.registerCommand('standIn.chosen', () => changed.fire()));
            return {
                environments: {
                    getActiveEnvironmentPath: () => ({ path: readFileSync(folder() + '/chosen', 'utf8') }),
                    resolveEnvironment: async ({ path }) => ({ executable: { uri: vscode.Uri.file(path) } }),
                    onDidChangeActiveEnvironmentPath: changed.event,
                },
            };
        };`,
};
// An interpreter that writes down what it is started with.
const RECORDER = '#!/bin/sh\necho "$(basename "$0") $$ $*" >>"$(dirname "$0")/started"\nexec python3 "$@"\n';

test('the chosen interpreter runs the server, and only another one, or a crash, restarts it', options, async () => {
    const extensions = [packExtension(STAND_IN, 'stand-in')];
    const files = { first: RECORDER, second: RECORDER, chosen: '' };
    await inWorkbench({ name: 'interpreter', extensions, files }, async (workbench) => {
        const within = (file) => path.join(workbench.workspace, file);
        const choose = (file) => {
            chmodSync(within(file), 0o755);
            writeFileSync(within('chosen'), within(file));
        };
        const servers = () =>
            existsSync(within('started'))
                ? readFileSync(within('started'), 'utf8').split('\n').filter((line) => line.includes('launch.py'))
                : [];
        choose('first');
        await workbench.open('demo.py');
        await workbench.page.locator('.monaco-editor .squiggly-warning').first().waitFor({ state: 'attached' });
        assert.match(servers().join('\n'), /^first \d+ -I -S \S+\/bundled\/launch\.py server$/);

        await workbench.command('Interpreter Chosen');
        choose('second');
        await workbench.command('Interpreter Chosen');
        await until('the server in the second interpreter', 60_000, () => servers().length > 1);
        assert.deepEqual(servers().map((line) => line.split(' ')[0]), ['first', 'second']);

        process.kill(Number(servers()[1].split(' ')[1]), 'SIGKILL');
        await until('a server in the place of the one that died', 60_000, () => servers().length > 2);
        assert.match(servers()[2], /^second /);
        await workbench.page.locator('.monaco-editor .squiggly-warning').first().waitFor({ state: 'attached' });
    });
});

test('the states of the tasks are shown beside the file and follow it', options, async () => {
    await inWorkbench({ name: 'states' }, async (workbench) => {
        const { page } = workbench;
        await workbench.open('demo.py');
        await page.locator('.monaco-editor .squiggly-warning').first().waitFor({ state: 'attached' });
        await page.locator('.monaco-editor .view-lines').first().click();
        await workbench.command('Show Task States');
        const view = page.locator('.editor-group-container').nth(1);
        await view.locator('.view-line', { hasText: /task\s+(pending|maybe)/ }).first().waitFor();
        await workbench.shot('beside');

        const editor = page.locator('.editor-group-container').first();
        await editor.locator('.view-line', { hasText: 'asyncio.sleep(0.5)' }).click();
        await page.keyboard.press('End');
        await page.keyboard.press('Enter');
        await page.keyboard.type('await task');
        await view.locator('.view-line', { hasText: /await\stask\s.*task\s+done/ }).first().waitFor();
    });
});
