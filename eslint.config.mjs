import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const typed = { projectService: true, extraFileExtensions: ['.svelte'] };

export default tseslint.config(
  // Templates are filled in before they are compiled, and then tried by tests.
  {
    ignores: ['node_modules', '**/build', 'dist', 'logs', 'main/tensor/kernels/assembly', 'resources/plugin-templates'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: typed },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'shell', property: 'openPath', message: 'It starts programs. Use shell.showItemInFolder.' },
        {
          object: 'tf',
          property: 'sign',
          message: 'It is 0 for small values on an engine. Use signOf of tensor/sign.ts.',
        },
      ],
    },
  },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { ...typed, parser: tseslint.parser } },
    rules: {
      // TypeScript knows the browser's names and says so when one does not exist.
      'no-undef': 'off',
      // A property with a default that is bound from outside is a let.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived'] }],
      // State is replaced as a whole ($state.raw), never changed in place: ten thousand runs need no signal each.
      'svelte/prefer-svelte-reactivity': 'off',
      // Links are hashes of this page; nothing is resolved against a server's routes.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    files: ['main/**/*.ts'],
    ignores: ['**/build.ts', '**/build-icons.ts', '**/link-command.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
          message: 'A recursive mkdir does not return from /proc. Use createFolder of storage/create-folder.ts.',
        },
        {
          selector:
            "CallExpression[callee.name=/^(read|write|open|exists|stat|lstat|create|copy|cp|rm)/] > NewExpression[callee.name='URL'].arguments",
          message:
            'Not every version of Electron reads an address out of its archive. Give fs the path: fileURLToPath(...).',
        },
      ],
    },
  },
  {
    files: [
      'main/{api,inspections,runs,models,tasks,evaluation,figures,reports,jobs}/**/*.ts',
      'main/hosts/cli/commands/*.ts',
    ],
    // They read what the program itself has brought along.
    ignores: ['main/figures/fonts.ts', 'main/reports/html-page.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: 'node:fs',
          importNames: ['readFileSync', 'openSync', 'createReadStream', 'copyFileSync', 'appendFileSync'],
          message: "What a run's folder holds is read by main/storage, which leaves it through no link.",
        },
      ],
    },
  },
  { files: ['renderer/public/**'], languageOptions: { globals: globals.browser } },
  { files: ['main/hosts/cli/**', '**/build.ts', 'test/bench/**', 'test/presets/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } } },
);
