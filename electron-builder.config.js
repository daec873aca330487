/** The installers: `npm run package`. What is not listed here is not in them; test/electron/package*.tools.ts hold them to it. */

/** @param {string} platform as Node calls it: native packages name their libraries so */
const files = (platform) => [
  // By name: people keep results of their own in out/, as `npm run demo` does.
  'out/package.json',
  'out/{electron,migration-core,preload,renderer,resources}/**',
  // The command line and the loopback host have no use in a window; the helper lies beside the archive.
  '!out/electron/{host,helper}/**',
  '!out/migration-core/cli/**',
  // Node itself is an optional dependency of a checkout; Electron brings its own.
  '!**/node_modules/node-{linux,darwin,win}-*/**',
  '!**/node_modules/{node-addon-api,cpu-features,nan,buildcheck}/**',
  '!**/node_modules/better-sqlite3/{deps,src}/**',
  '!**/node_modules/better-sqlite3/binding.gyp',
  // One library of each, for the system that is packed for.
  `!**/node_modules/better-sqlite3/prebuilds/!(${platform}-\${arch}.node)`,
  `!**/node_modules/@koromix/koffi-!(${platform}-\${arch})/**`,
  '!**/node_modules/@koromix/*/musl*/**',
  '!**/node_modules/koffi/{src,vendor,doc,lib}/**',
  '!**/node_modules/koffi/cnoke.cjs',
  '!**/node_modules/*/{test,tests,example,examples,docs,benchmark,.github}/**',
  '!**/*.{c,cc,h,ts,mts,cts,map,md,markdown,flow,tsbuildinfo}',
];

/** @type {import('electron-builder').Configuration} */
export default {
  appId: 'org.ironlift.desktop',
  productName: 'Ironlift',
  copyright: 'Copyright © The Ironlift authors',
  directories: { output: 'dist', buildResources: 'resources/icons' },

  // Native modules come ready-made with their packages: nothing is compiled.
  npmRebuild: false,
  nodeGypRebuild: false,
  buildDependenciesFromSource: false,

  asar: true,
  // The system loads libraries from files only.
  asarUnpack: ['**/*.node'],

  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },

  fileAssociations: [{ ext: 'ironlift', name: 'Ironlift engagement', role: 'Editor' }],

  linux: {
    target: ['AppImage', 'deb'],
    category: 'System',
    icon: 'resources/icons/icon.png',
    synopsis: 'P2V migration assistant',
    files: files('linux'),
    // The helper that reads a disk as root: one program of its own (node electron/build.ts --helper).
    extraResources: [{ from: 'out/helper', to: 'helper', filter: ['ironlift-read-device'] }],
  },
  win: {
    target: ['nsis', 'portable'],
    icon: 'resources/icons/icon.ico',
    files: files('win32'),
    extraResources: [{ from: 'out/helper', to: 'helper', filter: ['ironlift-read-device.exe'] }],
  },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
  mac: {
    target: ['dmg'],
    category: 'public.app-category.utilities',
    icon: 'resources/icons/icon.icns',
    hardenedRuntime: true,
    files: files('darwin'),
    extraResources: [{ from: 'out/helper', to: 'helper', filter: ['ironlift-read-device'] }],
  },

  // Nothing is published, and nothing looks for updates.
  publish: null,
};
