import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameCommand, serverCommand, type Probe, type Request, type ServerCommand } from '../../src/command';

const REQUEST: Request = {
    path: '',
    args: ['--verbose'],
    importStrategy: 'useBundled',
    launcher: '/ext/bundled/launch.py',
    candidates: [
        { executable: '/venv/bin/python', origin: 'chosen' },
        { executable: 'python3', origin: 'PATH' },
    ],
};
const OLD: Probe = { version: [3, 9], hasServer: false };
const NEW: Probe = { version: [3, 13], hasServer: false };

async function choose(request: Partial<Request>, probes: Record<string, Probe>): Promise<[ServerCommand, string[]]> {
    const lines: string[] = [];
    const probe = (executable: string): Promise<Probe> => {
        const answer = probes[executable];
        return answer ? Promise.resolve(answer) : Promise.reject(new Error(`spawn ${executable} ENOENT\nand more`));
    };
    const command = await serverCommand({ ...REQUEST, ...request }, probe, (line) => lines.push(line));
    return [command, lines];
}

test('the bundled server runs isolated, in the first interpreter', async () => {
    const [command, lines] = await choose({}, { '/venv/bin/python': NEW, python3: NEW });
    assert.equal(command.command, '/venv/bin/python');
    assert.deepEqual(command.args, ['-I', '-S', '/ext/bundled/launch.py', 'server', '--verbose']);
    assert.match(command.description, /bundled .* 3\.13, .*chosen/);
    assert.deepEqual(lines, []);
});

test('an interpreter that is too old is passed over, and the log says so', async () => {
    const [command, lines] = await choose({}, { '/venv/bin/python': OLD, python3: NEW });
    assert.equal(command.command, 'python3');
    assert.deepEqual(lines, ['/venv/bin/python (chosen) is Python 3.9, which is too old']);
});

test('an interpreter that cannot be run is passed over, with the first line of the reason', async () => {
    const [command, lines] = await choose({}, { python3: NEW });
    assert.equal(command.command, 'python3');
    assert.deepEqual(lines, ['/venv/bin/python (chosen) cannot be run: spawn /venv/bin/python ENOENT']);
});

test('3.10 is new enough and so is 4.0', async () => {
    for (const version of [[3, 10], [4, 0]] as const) {
        const [command] = await choose({}, { '/venv/bin/python': { version, hasServer: false } });
        assert.equal(command.command, '/venv/bin/python');
    }
});

test('without any interpreter there is one sentence that names the setting', async () => {
    await assert.rejects(choose({}, { python3: OLD }), /no Python 3\.10 or newer .* tooearly\.interpreter$/);
});

test('a path goes before everything and asks no interpreter', async () => {
    const [command] = await choose({ path: '/opt/tooearly', candidates: [] }, {});
    assert.deepEqual([command.command, ...command.args], ['/opt/tooearly', 'server', '--verbose']);
});

test("the environment's own server is run where it is asked for and installed", async () => {
    const request = { importStrategy: 'fromEnvironment' } as const;
    const [own] = await choose(request, { '/venv/bin/python': { version: [3, 12], hasServer: true } });
    assert.deepEqual(own.args, ['-I', '-m', 'tooearly', 'server', '--verbose']);
    const [bundled, lines] = await choose(request, { '/venv/bin/python': NEW });
    assert.ok(bundled.args.includes(REQUEST.launcher));
    assert.match(lines.join(), /no tooearly installed/);
});

test('only what would start another process is another command', () => {
    const command = { command: 'python3', args: ['-I', 'x'], description: 'one' };
    assert.ok(sameCommand(command, { ...command, description: 'told otherwise' }));
    assert.ok(!sameCommand(command, { ...command, command: 'python' }));
    assert.ok(!sameCommand(command, { ...command, args: ['-I'] }));
    assert.ok(!sameCommand(command, { ...command, args: ['-I', 'y'] }));
});
