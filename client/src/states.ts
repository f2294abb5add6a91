/**
 * "Show Task States": the server's rendering of a file with the state of each task beside each line, in a read-only
 * document that follows the file while it is being edited.
 *
 * The document's URI is `tooearly-states:PATH (task states)?URI-of-the-file`.
 */
import * as vscode from 'vscode';

const SCHEME = 'tooearly-states';
const REFRESH_MS = 300;

export interface StatesSource {
    /** The rendering for an open document; rejects with a sentence for the user. */
    states(document: vscode.Uri): Promise<string>;
}

export function registerStates(source: StatesSource): vscode.Disposable {
    const changed = new vscode.EventEmitter<vscode.Uri>();
    const timers = new Map<string, NodeJS.Timeout>();
    const provider: vscode.TextDocumentContentProvider = {
        onDidChange: changed.event,
        provideTextDocumentContent: (uri) => source.states(vscode.Uri.parse(uri.query)),
    };
    const refresh = (document: vscode.TextDocument): void => {
        const view = viewOf(document.uri);
        if (vscode.workspace.textDocuments.some((open) => open.uri.toString() === view.toString())) {
            clearTimeout(timers.get(view.toString()));
            timers.set(
                view.toString(),
                setTimeout(() => {
                    changed.fire(view);
                }, REFRESH_MS),
            );
        }
    };
    return vscode.Disposable.from(
        changed,
        vscode.workspace.registerTextDocumentContentProvider(SCHEME, provider),
        vscode.workspace.onDidChangeTextDocument((event) => {
            refresh(event.document);
        }),
        vscode.commands.registerCommand('tooearly.showStates', () => showStates(changed)),
        new vscode.Disposable(() => {
            timers.forEach((timer) => {
                clearTimeout(timer);
            });
        }),
    );
}

async function showStates(changed: vscode.EventEmitter<vscode.Uri>): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== 'python') {
        await vscode.window.showInformationMessage('tooearly: open a Python file first.');
        return;
    }
    const view = viewOf(editor.document.uri);
    changed.fire(view);
    const document = await vscode.workspace.openTextDocument(view);
    const beside = { viewColumn: vscode.ViewColumn.Beside, preview: true, preserveFocus: true };
    await vscode.window.showTextDocument(document, beside);
}

function viewOf(document: vscode.Uri): vscode.Uri {
    return vscode.Uri.from({ scheme: SCHEME, path: `${document.path} (task states)`, query: document.toString() });
}
