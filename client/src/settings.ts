/**
 * The extension's own settings, read once per start, and the variables a user may write in a path.
 *
 * Settings of the analysis (`reportUnproven`, `inlayHints`) are not read here: the server asks for them itself, a
 * folder at a time, by `workspace/configuration`.
 */
import type { WorkspaceConfiguration } from 'vscode';

export interface Settings {
    readonly enable: boolean;
    readonly interpreter: string;
    readonly path: string;
    readonly args: readonly string[];
    readonly importStrategy: 'useBundled' | 'fromEnvironment';
}

/** What `${...}` and `~` stand for. */
export interface Variables {
    readonly home: string;
    readonly workspaceFolder: string | undefined;
    readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Settings of another type than they should have (a hand-edited settings.json) count as not set. */
export function readSettings(configuration: Pick<WorkspaceConfiguration, 'get'>, variables: Variables): Settings {
    const text = (name: string): string => {
        const value = configuration.get<unknown>(name);
        return typeof value === 'string' ? expand(value.trim(), variables) : '';
    };
    const args = configuration.get<unknown>('args');
    const words: unknown[] = Array.isArray(args) ? args : [];
    const strategy = configuration.get<unknown>('importStrategy');
    return {
        enable: configuration.get<unknown>('enable') !== false,
        interpreter: text('interpreter'),
        path: text('path'),
        args: words.filter((word) => typeof word === 'string').map((word) => expand(word, variables)),
        importStrategy: strategy === 'fromEnvironment' ? strategy : 'useBundled',
    };
}

/** Replace `${workspaceFolder}`, `${userHome}`, `${env:NAME}` and a leading `~`; an unknown variable stays as it is. */
export function expand(value: string, variables: Variables): string {
    const known = (name: string): string | undefined => {
        if (name === 'workspaceFolder') {
            return variables.workspaceFolder;
        }
        if (name === 'userHome') {
            return variables.home;
        }
        return name.startsWith('env:') ? (variables.environment[name.slice('env:'.length)] ?? '') : undefined;
    };
    return value
        .replace(/^~(?=$|[/\\])/, () => variables.home)
        .replace(/\$\{([^}]+)\}/g, (whole, name: string) => known(name) ?? whole);
}
