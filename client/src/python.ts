/**
 * Which interpreters may run the server, best first, and when that may have changed.
 *
 * 1. The setting `tooearly.interpreter`: whoever wrote it meant it.
 * 2. The Python Environments extension, if it is there.
 * 3. Else the Python extension, if it is there.
 * 4. The names that a Python has on the PATH.
 *
 * Neither extension is a dependency. Only the few members of their interfaces that are used are declared here; whatever
 * they throw, or do not answer in time, is a line in the log and the next source is asked.
 */
import { execFile } from 'node:child_process';
import * as vscode from 'vscode';
import type { Candidate, Probe } from './command';

const ENVIRONMENTS = 'ms-python.vscode-python-envs';
const PYTHON = 'ms-python.python';
const PATIENCE_MS = 10_000;
const QUESTION = `
import sys
from importlib.util import find_spec
print(*sys.version_info[:2], find_spec("tooearly") is not None)
`;

interface Environment {
    readonly execInfo?: { readonly run?: { readonly executable?: string } };
}

interface EnvironmentsApi {
    getEnvironment(scope: vscode.Uri | undefined): Promise<Environment | undefined>;
    readonly onDidChangeEnvironment: vscode.Event<unknown>;
}

interface PythonApi {
    readonly environments: {
        getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
        resolveEnvironment(path: { readonly path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
        readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
    };
}

/** The interpreters to try, best first; `setting` is the value of `tooearly.interpreter`. */
export async function candidates(setting: string, log: (line: string) => void): Promise<Candidate[]> {
    const found: Candidate[] = [];
    if (setting !== '') {
        found.push({ executable: setting, origin: 'tooearly.interpreter' });
    }
    const chosen = await chosenInEditor(log);
    if (chosen) {
        found.push(chosen);
    }
    const names = process.platform === 'win32' ? ['python', 'python3', 'py'] : ['python3', 'python'];
    return [...found, ...names.map((executable) => ({ executable, origin: 'PATH' }))];
}

/** Calls `changed` whenever another environment is chosen in one of the two extensions; also when one arrives late. */
export function watchInterpreter(changed: () => void, log: (line: string) => void): vscode.Disposable {
    const watched = new Map<string, vscode.Disposable>();
    const subscribe = async (): Promise<void> => {
        for (const [id, event] of [
            [ENVIRONMENTS, async () => (await api<EnvironmentsApi>(ENVIRONMENTS))?.onDidChangeEnvironment],
            [PYTHON, async () => (await api<PythonApi>(PYTHON))?.environments.onDidChangeActiveEnvironmentPath],
        ] as const) {
            if (!watched.has(id) && vscode.extensions.getExtension(id)) {
                watched.set(id, new vscode.Disposable(() => undefined));
                const listen = await event().catch((error: unknown) => {
                    log(`${id}: ${String(error)}`);
                    return undefined;
                });
                if (listen) {
                    watched.set(id, listen(changed));
                }
            }
        }
    };
    void subscribe();
    const arrivals = vscode.extensions.onDidChange(() => {
        void subscribe().then(changed);
    });
    return new vscode.Disposable(() => {
        arrivals.dispose();
        watched.forEach((subscription) => {
            subscription.dispose();
        });
    });
}

/** Ask an interpreter for its version and whether tooearly is installed in it; rejects where it cannot be run. */
export function probe(executable: string): Promise<Probe> {
    return new Promise((resolve, reject) => {
        execFile(executable, ['-I', '-c', QUESTION], { timeout: PATIENCE_MS, windowsHide: true }, (error, stdout) => {
            const answer = /^(\d+) (\d+) (True|False)\s*$/.exec(stdout);
            if (error ?? !answer) {
                reject(error ?? new Error('this is not a Python 3'));
            } else {
                resolve({ version: [Number(answer[1]), Number(answer[2])], hasServer: answer[3] === 'True' });
            }
        });
    });
}

async function chosenInEditor(log: (line: string) => void): Promise<Candidate | undefined> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    for (const [origin, ask] of [
        [ENVIRONMENTS, fromEnvironments],
        [PYTHON, fromPython],
    ] as const) {
        try {
            const executable = await inTime(ask(folder));
            if (executable !== undefined && executable !== '') {
                return { executable, origin };
            }
        } catch (error) {
            log(`${origin}: ${String(error)}`);
        }
    }
    return undefined;
}

async function fromEnvironments(folder: vscode.Uri | undefined): Promise<string | undefined> {
    const environment = await (await api<EnvironmentsApi>(ENVIRONMENTS))?.getEnvironment(folder);
    return environment?.execInfo?.run?.executable;
}

async function fromPython(folder: vscode.Uri | undefined): Promise<string | undefined> {
    const environments = (await api<PythonApi>(PYTHON))?.environments;
    const environment = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
    return environment?.executable.uri?.fsPath;
}

async function api<T>(id: string): Promise<T | undefined> {
    const extension = vscode.extensions.getExtension<T>(id);
    return extension && (extension.isActive ? extension.exports : await extension.activate());
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
            reject(new Error(`no answer within ${String(PATIENCE_MS / 1000)} s`));
        }, PATIENCE_MS);
    });
    return Promise.race([answer, late]).finally(() => {
        clearTimeout(timer);
    });
}
