/** The language status item: which server runs, with which interpreter, or why none does. */
import * as vscode from 'vscode';

export interface Status {
    starting(): void;
    running(version: string, description: string): void;
    stopped(reason: string): void;
    failed(reason: string): void;
    dispose(): void;
}

export function createStatus(selector: vscode.DocumentSelector): Status {
    const item = vscode.languages.createLanguageStatusItem('tooearly.status', selector);
    item.name = 'tooearly';
    const output: vscode.Command = { title: 'Show Output', command: 'tooearly.showOutput' };
    const restart: vscode.Command = { title: 'Restart', command: 'tooearly.restart' };
    const show = (text: string, detail: string, command: vscode.Command): void => {
        item.busy = false;
        item.text = text;
        item.detail = detail;
        item.command = command;
        item.severity = vscode.LanguageStatusSeverity.Information;
    };
    return {
        starting: () => {
            show('tooearly', 'starting', output);
            item.busy = true;
        },
        running: (version, description) => {
            show(`tooearly ${version}`, description, output);
        },
        stopped: (reason) => {
            show('tooearly', reason, restart);
        },
        failed: (reason) => {
            show('tooearly', reason, output);
            item.severity = vscode.LanguageStatusSeverity.Error;
        },
        dispose: () => {
            item.dispose();
        },
    };
}
