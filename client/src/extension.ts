/**
 * The VS Code extension: starts `tooearly server`, keeps it running, and shows what it says.
 *
 * All that is known about Python is in the server. What happens here: choose the command line (command.ts, python.ts),
 * hand it to vscode-languageclient, restart when the chosen command line really is another one, show the state of
 * things (status.ts) and the "Show Task States" view (states.ts). Starts and stops are done one after the other.
 */
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { LanguageClient, State, type Executable, type LanguageClientOptions } from 'vscode-languageclient/node';
import { sameCommand, serverCommand, type ServerCommand } from './command';
import { candidates, probe, watchInterpreter } from './python';
import { readSettings, type Settings } from './settings';
import { registerStates } from './states';
import { createStatus, type Status } from './status';

const SELECTOR = ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme, language: 'python' }));
const START_SETTINGS = ['enable', 'interpreter', 'path', 'args', 'importStrategy'].map((name) => `tooearly.${name}`);

interface Running {
    readonly client: LanguageClient;
    readonly command: ServerCommand;
}

/** The one server of the window. */
class Server implements vscode.Disposable {
    private running: Running | undefined;
    private queue: Promise<void> = Promise.resolve();
    private told = '';

    constructor(
        private readonly launcher: string,
        private readonly output: vscode.LogOutputChannel,
        private readonly status: Status,
    ) {}

    /** Bring what runs into line with the settings; `always` restarts also a server that need not be. */
    refresh(always = false): Promise<void> {
        this.queue = this.queue.then(() => this.change(always)).catch((error: unknown) => {
            this.failed(error);
        });
        return this.queue;
    }

    async stop(): Promise<void> {
        const client = this.running?.client;
        this.running = undefined;
        // Disposing of a server that has crashed rejects; it is gone all the same.
        await client?.dispose().catch(() => undefined);
    }

    /** The rendering of "Show Task States" for an open document. */
    async states(uri: vscode.Uri): Promise<string> {
        await this.queue;
        if (!this.running) {
            throw new Error('the server is not running');
        }
        const textDocument = { uri: this.running.client.code2ProtocolConverter.asUri(uri) };
        const answer = await this.running.client.sendRequest<string | null>('tooearly/states', { textDocument });
        return answer ?? '';
    }

    dispose(): void {
        void this.stop();
    }

    private async change(always: boolean): Promise<void> {
        const settings = currentSettings();
        if (!settings.enable) {
            await this.stop();
            this.status.stopped('off (tooearly.enable)');
            return;
        }
        const log = (line: string): void => {
            this.output.info(line);
        };
        const interpreters = settings.path === '' ? await candidates(settings.interpreter, log) : [];
        const request = { ...settings, launcher: this.launcher, candidates: interpreters };
        const command = await serverCommand(request, probe, log);
        if (always || !this.running || !sameCommand(this.running.command, command)) {
            await this.stop();
            await this.start(command);
        }
    }

    private async start(command: ServerCommand): Promise<void> {
        this.status.starting();
        this.output.info(`starting: ${[command.command, ...command.args].join(' ')}`);
        const executable: Executable = { command: command.command, args: [...command.args] };
        const options: LanguageClientOptions = {
            documentSelector: SELECTOR,
            outputChannel: this.output,
            traceOutputChannel: this.output,
            initializationOptions: { settings: vscode.workspace.getConfiguration('tooearly') },
        };
        const client = new LanguageClient('tooearly', 'tooearly', executable, options);
        this.running = { client, command };
        client.onDidChangeState(({ newState }) => {
            this.report(client, command, newState);
        });
        try {
            await client.start();
            this.told = '';
        } catch (error) {
            // The library has told the user; the next change of a setting, or "Restart", tries again.
            this.running = undefined;
            this.status.failed(`${command.description} did not start: ${reasonOf(error)}`);
        }
    }

    /** A server that dies is started again by the library; the status item tells, unless it is no longer our server. */
    private report(client: LanguageClient, command: ServerCommand, state: State): void {
        if (this.running?.client === client) {
            if (state === State.Running) {
                this.status.running(client.initializeResult?.serverInfo?.version ?? '', command.description);
            } else if (state === State.Starting) {
                this.status.starting();
            } else {
                this.status.failed('the server has ended');
            }
        }
    }

    /** No command line could be found: one message for the user, and not the same one at each change of a setting. */
    private failed(error: unknown): void {
        const reason = reasonOf(error);
        this.status.failed(reason);
        this.output.error(reason);
        if (reason !== this.told) {
            this.told = reason;
            void vscode.window.showErrorMessage(`tooearly: ${reason}`, 'Show Output').then((answer) => {
                if (answer) {
                    this.output.show();
                }
            });
        }
    }
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const output = vscode.window.createOutputChannel('tooearly', { log: true });
    const status = createStatus(SELECTOR);
    const server = new Server(context.asAbsolutePath('bundled/launch.py'), output, status);
    context.subscriptions.push(
        output,
        status,
        server,
        registerStates(server),
        vscode.commands.registerCommand('tooearly.restart', () => server.refresh(true)),
        vscode.commands.registerCommand('tooearly.showOutput', () => {
            output.show();
        }),
        vscode.workspace.onDidChangeConfiguration((event) => {
            if (START_SETTINGS.some((name) => event.affectsConfiguration(name))) {
                void server.refresh();
            }
        }),
        vscode.workspace.onDidGrantWorkspaceTrust(() => void server.refresh()),
        watchInterpreter(
            () => void server.refresh(),
            (line) => {
                output.info(line);
            },
        ),
    );
    await server.refresh();
}

function currentSettings(): Settings {
    return readSettings(vscode.workspace.getConfiguration('tooearly'), {
        home: homedir(),
        workspaceFolder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
        environment: process.env,
    });
}

function reasonOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
