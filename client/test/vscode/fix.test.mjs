// The main job as a person does it: open the file, see the squiggle, take the light bulb's "await", save.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { artifact, onDisk, packagedExtension, setUp, startWorkbench, until } from './workbench.mjs';

const PROGRAM = `import asyncio


async def work():
    await asyncio.sleep(1)
    return 100


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    print(f"{task.result()}")


asyncio.run(main())
`;
const AWAITED = PROGRAM.replace('{task.result()}', '{await task}');

const missing = setUp();
if (missing && process.env.CI) {
    throw new Error(missing);
}
const options = { skip: missing, timeout: 180_000 };

let vsix;
before(() => {
    vsix = missing ? undefined : packagedExtension();
});

async function inWorkbench(name, settings, act) {
    const workbench = await startWorkbench({ vsix, files: { 'demo.py': PROGRAM }, settings, name });
    try {
        await act(workbench);
    } catch (error) {
        await workbench.shot('failed').catch(() => undefined);
        throw error;
    } finally {
        await workbench.stop();
    }
}

test('the light bulb rewrites the read, and the saved program runs', options, async () => {
    await inWorkbench('fix', serverSettings(), async (workbench) => {
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
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+.');
        await page.locator('.action-widget .monaco-list-row.action').first().waitFor();
        await workbench.shot('light-bulb');
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

/** For work on the tests: another server than the one in the package. */
function serverSettings() {
    return process.env.TOOEARLY_SERVER ? { 'tooearly.path': process.env.TOOEARLY_SERVER } : {};
}

after(() => {
    if (!missing) {
        console.log(`screenshots and logs: ${path.relative(process.cwd(), artifact(''))}`);
    }
});
