// The client is linted with types; the scripts and the tests in a real VS Code are plain Node modules.
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['node_modules', 'out', 'dist', 'bundled', '.cache', '.venv'] },
    js.configs.recommended,
    {
        files: ['client/**/*.ts'],
        extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
        languageOptions: { parserOptions: { project: 'client/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
        rules: {
            '@typescript-eslint/no-floating-promises': [
                'error',
                { allowForKnownSafeCalls: [{ from: 'package', name: ['test'], package: 'node:test' }] },
            ],
        },
    },
    {
        files: ['**/*.mjs'],
        languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: { ...globals.node, document: 'readonly' } },
        rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
    },
);
