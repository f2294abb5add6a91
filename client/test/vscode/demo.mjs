// What the tests in VS Code share: the demo file, and a workbench that is always stopped again.
//
// The editor is installed if need be. Where it cannot be, the tests are skipped with the reason; under CI they fail.
import { packagedExtension, setUp, startWorkbench } from './workbench.mjs';

export const PROGRAM = `import asyncio


async def work():
    await asyncio.sleep(1)
    return 100


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    print(f"{task.result()}")


asyncio.run(main())
`;
export const AWAITED = PROGRAM.replace('{task.result()}', '{await task}');

const missing = setUp();
if (missing && process.env.CI) {
    throw new Error(missing);
}
export const options = { skip: missing, timeout: 600_000 };
let packed;

/**
 * Start VS Code with the extension and `demo.py`, do `act`, and stop it; a failure leaves a picture behind.
 * `name`: of logs and pictures; `extensions`: more of them; `files` and `settings`: in the workspace and the user's.
 * TOOEARLY_SERVER names another server command than the one in the package, for work on the tests.
 */
export async function inWorkbench({ name, extensions = [], files = {}, settings = {} }, act) {
    const server = process.env.TOOEARLY_SERVER ? { 'tooearly.path': process.env.TOOEARLY_SERVER } : {};
    packed ??= packagedExtension();
    const workbench = await startWorkbench({
        vsix: [packed, ...extensions],
        files: { 'demo.py': PROGRAM, ...files },
        settings: { ...settings, ...server },
        name,
    });
    try {
        await act(workbench);
    } catch (error) {
        await workbench.shot('failed').catch(() => undefined);
        throw error;
    } finally {
        await workbench.stop();
    }
}
