/**
 * Which command line starts the server. Knows nothing of VS Code, so that it can be tested alone.
 *
 * A `tooearly.path` is run as it is. Otherwise the candidates for the interpreter are tried in order (the setting, the
 * environment chosen in the editor, the names on the PATH) and the first that is a Python of the required version runs:
 * - the bundled server, with `-I -S`: neither the user's site-packages nor PYTHONPATH nor the working directory is on
 *   sys.path, so that no installed library can shadow the ones in the bundle, and no `.pth` file slows the start;
 * - or, if asked for and installed there, the environment's own tooearly, with `-I`.
 */

export const OLDEST_PYTHON: readonly [number, number] = [3, 10];

/** An interpreter that may run the server, and who named it (for the log and the status item). */
export interface Candidate {
    readonly executable: string;
    readonly origin: string;
}

/** What a candidate says of itself. */
export interface Probe {
    readonly version: readonly [number, number];
    readonly hasServer: boolean;
}

export interface ServerCommand {
    readonly command: string;
    readonly args: readonly string[];
    /** One line for people: what is run, and why that. */
    readonly description: string;
}

export interface Request {
    readonly path: string;
    readonly args: readonly string[];
    readonly importStrategy: 'useBundled' | 'fromEnvironment';
    readonly launcher: string;
    readonly candidates: readonly Candidate[];
}

/**
 * The command to run. `probe` asks an interpreter and rejects where it cannot be run; `log` gets a line for each
 * candidate that is passed over. Rejects with a sentence for the user when no candidate will do.
 */
export async function serverCommand(
    request: Request,
    probe: (executable: string) => Promise<Probe>,
    log: (line: string) => void,
): Promise<ServerCommand> {
    if (request.path !== '') {
        const args = ['server', ...request.args];
        return { command: request.path, args, description: `${request.path} (tooearly.path)` };
    }
    for (const candidate of request.candidates) {
        try {
            const found = await probe(candidate.executable);
            if (isNewEnough(found.version)) {
                return withInterpreter(request, candidate, found, log);
            }
            log(`${named(candidate)} is Python ${found.version.join('.')}, which is too old`);
        } catch (error) {
            log(`${named(candidate)} cannot be run: ${firstLine(error)}`);
        }
    }
    throw new Error(
        `no Python ${OLDEST_PYTHON.join('.')} or newer was found to run the server: name one in tooearly.interpreter`,
    );
}

/** Whether both would start the same process. */
export function sameCommand(a: ServerCommand, b: ServerCommand): boolean {
    return a.command === b.command && a.args.length === b.args.length && a.args.every((arg, i) => arg === b.args[i]);
}

function withInterpreter(
    request: Request,
    candidate: Candidate,
    found: Probe,
    log: (line: string) => void,
): ServerCommand {
    const python = `Python ${found.version.join('.')}, ${named(candidate)}`;
    if (request.importStrategy === 'fromEnvironment') {
        if (found.hasServer) {
            return {
                command: candidate.executable,
                args: ['-I', '-m', 'tooearly', 'server', ...request.args],
                description: `tooearly of the environment, ${python}`,
            };
        }
        log(`${named(candidate)} has no tooearly installed: the bundled one is run`);
    }
    return {
        command: candidate.executable,
        args: ['-I', '-S', request.launcher, 'server', ...request.args],
        description: `bundled tooearly, ${python}`,
    };
}

function isNewEnough([major, minor]: readonly [number, number]): boolean {
    return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

function named(candidate: Candidate): string {
    return `${candidate.executable} (${candidate.origin})`;
}

function firstLine(error: unknown): string {
    return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
