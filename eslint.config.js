import tseslint from 'typescript-eslint';

/** Rooms from the ground up; a room may import itself and every room before it, never one after it. */
const ROOMS = [
  ['base'],
  ['block'],
  ['image', 'volume'],
  ['filesystem', 'registry'],
  ['guest', 'source', 'target'],
  ['convert'],
  ['collect', 'store', 'assess', 'plan', 'report'],
  ['contract'],
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

export default tseslint.config(
  { ignores: ['node_modules/', 'test/.cache/', 'out/', 'dist/'] },
  {
    files: ['migration-core/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  ...layerRules,
  { files: ['test/**/*.ts'], rules: { 'no-console': 'off', '@typescript-eslint/no-misused-spread': 'off' } },
);
