// Write dist/tooearly-VERSION.vsix: the bundled extension, the server, and the libraries that the server needs.
//
// bundled/launch.py   starts the server                                     (client/launch.py)
// bundled/libs        tooearly and its libraries, of bundle-requirements.txt  (pip, wheels for any platform only)
//
// The files that go in are first laid out in out/vsix: vsce walks through the whole folder that it packs.
// No bytecode goes in: it belongs to one version of Python, which writes its own beside the sources at the first start.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bundled = path.join(root, 'bundled');
const libs = path.join(bundled, 'libs');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

function run(command, args, cwd = root) {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function pythonWithPip() {
    const inVenv = process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python';
    for (const python of [process.env.PYTHON, path.join(root, inVenv), 'python3', 'python']) {
        try {
            if (python) {
                run(python, ['-m', 'pip', '--version']);
                return python;
            }
        } catch {
            continue;
        }
    }
    throw new Error('no Python with pip was found: name one in the environment variable PYTHON');
}

function checkVersions() {
    const source = readFileSync(path.join(root, 'server/tooearly/__init__.py'), 'utf8');
    const server = /^__version__ = "(.+)"$/m.exec(source)?.[1];
    if (server !== manifest.version) {
        throw new Error(`package.json is version ${manifest.version}, the server is ${server}: they go together`);
    }
}

function bundleServer() {
    rmSync(bundled, { recursive: true, force: true });
    mkdirSync(libs, { recursive: true });
    const requirements = path.join(root, 'scripts/bundle-requirements.txt');
    const anyPlatform = ['--only-binary=:all:', '--platform', 'any', '--implementation', 'py', '--abi', 'none'];
    run(pythonWithPip(), [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-compile'],
        ...['--target', libs, ...anyPlatform, '--python-version', '3.10', '-r', requirements],
    ]);
    rmSync(path.join(libs, 'bin'), { recursive: true, force: true });
    cpSync(path.join(root, 'server/tooearly'), path.join(libs, 'tooearly'), {
        recursive: true,
        filter: (source) => path.basename(source) !== '__pycache__',
    });
    cpSync(path.join(root, 'client/launch.py'), path.join(bundled, 'launch.py'));
    const compiled = readdirSync(libs, { recursive: true }).filter((name) => /\.(so|pyd|dylib|pyc)$/.test(name));
    if (compiled.length > 0) {
        throw new Error(`the bundle holds files that not every machine can use: ${compiled.join(', ')}`);
    }
}

const CONTENT = ['README.md', 'CHANGELOG.md', 'LICENSE', 'client/icon.png', 'out/extension.js', 'bundled'];

function layOut() {
    const stage = path.join(root, 'out/vsix');
    rmSync(stage, { recursive: true, force: true });
    mkdirSync(stage, { recursive: true });
    for (const name of CONTENT.filter((name) => existsSync(path.join(root, name)))) {
        cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
    }
    const shipped = Object.entries(manifest).filter(([name]) => name !== 'scripts' && name !== 'devDependencies');
    writeFileSync(path.join(stage, 'package.json'), JSON.stringify(Object.fromEntries(shipped), null, 2));
    return stage;
}

function writeVsix() {
    const vsix = path.join(root, 'dist', `${manifest.name}-${manifest.version}.vsix`);
    mkdirSync(path.dirname(vsix), { recursive: true });
    rmSync(vsix, { force: true });
    const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
    const options = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', vsix];
    run(process.execPath, [vsce, 'package', ...options], layOut());
    if (!existsSync(vsix)) {
        throw new Error(`vsce wrote no ${vsix}`);
    }
    console.log(path.relative(root, vsix));
}

try {
    checkVersions();
    run(process.execPath, [path.join(root, 'scripts/build.mjs')]);
    bundleServer();
    writeVsix();
} catch (error) {
    console.error(`package: ${error.stderr || error.message}`);
    process.exitCode = 1;
}
