#!/usr/bin/env node
// `npm start`: the desktop application where Electron is at hand or can be fetched, else the same in a browser.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const own = Number(process.versions.node.split('.')[0]) >= 24;
const bundled = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
const node = own ? process.execPath : bundled;
if (!own && !existsSync(bundled)) {
  console.error(
    `Ironlift needs Node 24 and this is ${process.versions.node}. Run \`npm ci\` in its folder, or install Node 24.`,
  );
  process.exit(1);
}

/** A child that takes over: its end is ours, and what stops us stops it. */
function become(program, args, environment = process.env) {
  const child = spawn(program, args, { stdio: 'inherit', cwd: root, env: environment });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** The program of Electron, or null. IRONLIFT_ELECTRON names another than the one in node_modules. */
function findElectron() {
  const named = process.env.IRONLIFT_ELECTRON;
  if (named !== undefined) return existsSync(named) ? named : null;
  const folder = join(root, 'node_modules/electron');
  const path = join(folder, 'path.txt');
  if (!existsSync(path)) return null;
  const program = join(folder, 'dist', readFileSync(path, 'utf8'));
  return existsSync(program) ? program : null;
}

/** A hundred megabytes, once. Its own installer checks what it gets. */
const FETCH_MILLISECONDS = 5 * 60_000;

function fetchElectron() {
  const installer = join(root, 'node_modules/electron/install.js');
  if (!existsSync(installer) || process.env.IRONLIFT_ELECTRON !== undefined) return null;
  console.error('Fetching Electron, once ...');
  spawnSync(node, [installer], { cwd: root, stdio: 'ignore', timeout: FETCH_MILLISECONDS });
  return findElectron();
}

/** Why no window can be shown, or null. */
function noWindow() {
  if (process.platform !== 'linux') return null;
  if ((process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY ?? '') === '')
    return 'This computer shows no windows';
  if (process.getuid() === 0) return 'The desktop application does not run as root';
  return null;
}

const reason = noWindow();
const electron = reason === null ? (findElectron() ?? fetchElectron()) : null;
if (electron === null) {
  console.error(`${reason ?? 'Electron cannot be fetched'}: opening Ironlift in the browser instead.`);
  become(node, [join(root, 'bin/ironlift.js'), 'serve', ...process.argv.slice(2)]);
} else {
  const build = join(root, 'electron/build.ts');
  const built = spawnSync(node, [build, '--if-stale'], { cwd: root, stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
  become(electron, [root, ...process.argv.slice(2)], { ...process.env, IRONLIFT_NODE: node });
}
