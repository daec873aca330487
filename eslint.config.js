import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Rooms from the ground up; a room may import itself and every room before it, never one after it. */
const ROOMS = [
  ['base'],
  ['block'],
  ['image', 'volume'],
  ['filesystem', 'registry'],
  ['guest', 'source', 'target'],
  ['convert'],
  ['store'],
  ['collect'],
  ['assess'],
  ['plan'],
  ['chart'],
  ['report'],
  ['contract'],
  ['service'],
  ['cli'],
];

const layerRules = ROOMS.flatMap((rooms, level) =>
  rooms.map((room) => ({
    files: [`migration-core/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `/(${[...ROOMS.slice(level + 1).flat(), '__none__'].join('|')})/`,
              message: `migration-core/${room} may not import from a room above it (see the table of rooms in README.md).`,
            },
            {
              group: ['electron', 'electron/*', 'svelte', 'svelte/*'],
              message: 'The core knows neither Electron nor Svelte.',
            },
          ],
        },
      ],
    },
  })),
);

const strict = {
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/consistent-type-imports': 'error',
  'no-console': 'error',
};

/** Electron's objects are made in one place each; see electron/main. */
const electronRules = {
  files: ['electron/**/*.ts'],
  ignores: ['electron/main/**', 'electron/preload/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: [{ name: 'electron', message: 'Only electron/main and electron/preload know Electron.' }],
      },
    ],
  },
};

/** A page sees types of the contract, pure modules of it, and nothing of Node or Electron. */
const rendererRules = {
  files: ['renderer/**/*.ts', 'renderer/**/*.svelte'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '^node:|^electron',
            message: 'The page runs without Node and without Electron.',
          },
          {
            regex: '/migration-core/(?!contract/|chart/)',
            allowTypeImports: true,
            message: 'The page knows the program by its contract only.',
          },
        ],
      },
    ],
  },
};

export default tseslint.config(
  { ignores: ['node_modules/', 'test/.cache/', 'out/', 'dist/'] },
  {
    files: ['migration-core/**/*.ts', 'electron/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: strict,
  },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.svelte'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: { ...strict, '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  // After the rules for TypeScript: components have a parser of their own.
  ...svelte.configs.recommended.map((config) => ({
    ...config,
    files: config.files ?? ['renderer/**/*.svelte'],
  })),
  {
    files: ['renderer/**/*.svelte'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // Knows that what `$props` gives may be bound.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { destructuring: 'all' }],
      // Sets and maps of the state are replaced, never changed.
      'svelte/prefer-svelte-reactivity': 'off',
      // Addresses are made by state/router.svelte.ts; there is no SvelteKit.
      'svelte/no-navigation-without-resolve': 'off',
      // Snippets are typed by svelte-check, which sees what this parser does not.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['renderer/**/*.svelte.ts'],
    // Runes apart it is TypeScript.
    languageOptions: { parser: tseslint.parser },
    rules: { 'svelte/prefer-svelte-reactivity': 'off' },
  },
  ...layerRules,
  electronRules,
  rendererRules,
  { files: ['test/**/*.ts'], rules: { 'no-console': 'off', '@typescript-eslint/no-misused-spread': 'off' } },
);
