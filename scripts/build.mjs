// Bundle the extension into out/extension.js (`--watch`: again at each change), or with `--tests` the unit tests into
// out/test. The types are not looked at here: that is `npm run typecheck`.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const common = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

const extension = {
    ...common,
    entryPoints: ['client/src/extension.ts'],
    outfile: 'out/extension.js',
    format: 'cjs',
    external: ['vscode'],
    minify: true,
    sourcemap: false,
    // The library's package.json answers only to import conditions of its own.
    conditions: ['node'],
};

const unitTests = () => ({
    ...common,
    entryPoints: readdirSync(path.join(root, 'client/test/unit')).map((name) => `client/test/unit/${name}`),
    outdir: 'out/test',
    format: 'cjs',
    sourcemap: 'inline',
});

if (process.argv.includes('--watch')) {
    await (await esbuild.context(extension)).watch();
} else if (process.argv.includes('--tests')) {
    rmSync(path.join(root, 'out/test'), { recursive: true, force: true });
    await esbuild.build(unitTests());
} else {
    await esbuild.build(extension);
}
