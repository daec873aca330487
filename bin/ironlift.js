#!/usr/bin/env node
// Starts the command line on a Node that runs TypeScript by itself. `npx ironlift` finds the one in node_modules first;
// called directly on a machine whose own Node is older, this hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
if (major >= 24) {
  module.enableCompileCache?.();
  // Copies keep every file thread busy, and more of them than processors take the lock of the file from each other: of
  // 1.5 GiB on two processors, two threads need 0.54 s and four 0.58. Other commands wait for names and disks instead.
  if (process.argv[2] === 'image')
    process.env.UV_THREADPOOL_SIZE ??= String(Math.min(4, availableParallelism()));
  const { main } = await import('../migration-core/cli/main.ts');
  const { serveEntry } = await import('../electron/host/entry.ts');
  await main(process.argv.slice(2), [serveEntry]);
} else {
  const bundled = fileURLToPath(
    new URL(`../node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
  );
  if (!existsSync(bundled)) {
    console.error(
      `Ironlift needs Node 24 and this is ${process.versions.node}. Run \`npm ci\` in its folder, or install Node 24.`,
    );
    process.exit(1);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
