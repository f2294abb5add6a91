// The main job as a person does it: open the file, see the squiggle, take the light bulb's "await", save.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { AWAITED, inWorkbench, options, PROGRAM } from './demo.mjs';
import { onDisk, until } from './workbench.mjs';

test('the light bulb rewrites the read, and the saved program runs', options, async () => {
    await inWorkbench({ name: 'fix' }, async (workbench) => {
        const { page } = workbench;
        await workbench.open('demo.py');
        const squiggle = page.locator('.monaco-editor .squiggly-warning');
        await squiggle.first().waitFor({ state: 'attached' });
        assert.equal(await squiggle.count(), 1);

        await page.keyboard.press('F8');
        await page.locator('.marker-widget').waitFor();
        assert.match(await page.locator('.marker-widget').innerText(), /task/);
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+Shift+M');
        const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'result-before-done' });
        await problem.first().waitFor();
        await workbench.shot('squiggle');

        await page.keyboard.press('Control+Shift+M');
        await page.locator('.monaco-editor .view-lines').first().click();
        await page.keyboard.press('F8');
        await page.locator('.marker-widget').waitFor();
        await page.keyboard.press('Escape');
        await page.locator('.marker-widget').waitFor({ state: 'hidden' });
        // A key pressed while the panel is still closing is lost on a slow machine: press again until the menu is there.
        const action = page.locator('.action-widget .monaco-list-row.action').first();
        await until('the menu of the light bulb', 60_000, async () => {
            await page.keyboard.press('Control+.');
            return action.waitFor({ timeout: 10_000 }).then(() => true, () => false);
        });
        await workbench.shot('light-bulb');
        await workbench.shot('close-up', { x: 353, y: 92, width: 760, height: 440 });
        await workbench.choose(/^await `?task`?$/i);
        await squiggle.first().waitFor({ state: 'detached' });
        await page.keyboard.press('Control+S');
        const file = path.join(workbench.workspace, 'demo.py');
        await until('the rewritten text on disk', 10_000, () => onDisk(file) !== PROGRAM);
        assert.equal(onDisk(file), AWAITED);
        await workbench.shot('fixed');
        assert.equal(execFileSync('python3', [file], { encoding: 'utf8' }), '100\n');
    });
});
