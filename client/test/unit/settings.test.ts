import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, readSettings, type Variables } from '../../src/settings';

const VARIABLES: Variables = {
    home: '/home/ada',
    workspaceFolder: '/src/app',
    environment: { VENV: '/venvs/app' },
};

function read(values: Record<string, unknown>): ReturnType<typeof readSettings> {
    return readSettings({ get: (name: string) => values[name] as never }, VARIABLES);
}

test('nothing set: on, bundled, the interpreter is looked for', () => {
    assert.deepEqual(read({}), { enable: true, interpreter: '', path: '', args: [], importStrategy: 'useBundled' });
});

test('a path may hold variables', () => {
    assert.equal(expand('~/bin/python', VARIABLES), '/home/ada/bin/python');
    assert.equal(expand('${workspaceFolder}/.venv/bin/python', VARIABLES), '/src/app/.venv/bin/python');
    assert.equal(expand('${env:VENV}/bin/python', VARIABLES), '/venvs/app/bin/python');
    assert.equal(expand('${userHome}/$&', VARIABLES), '/home/ada/$&');
});

test('what is no variable stays as it is', () => {
    assert.equal(expand('~ada/python', VARIABLES), '~ada/python');
    assert.equal(expand('${command:python.path}', VARIABLES), '${command:python.path}');
    assert.equal(expand('${workspaceFolder}/x', { ...VARIABLES, workspaceFolder: undefined }), '${workspaceFolder}/x');
});

test('values of a wrong type count as not set', () => {
    const settings = read({ enable: 'no', interpreter: 3, args: ['-v', 7, '${userHome}'], importStrategy: 'other' });
    assert.deepEqual(settings, {
        enable: true,
        interpreter: '',
        path: '',
        args: ['-v', '/home/ada'],
        importStrategy: 'useBundled',
    });
});
