import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Tests are told apart by the end of their name: what they need, and so how long they take. */
const project = (name: string, include: string, timeout: number, workers: number) => ({
  // State of the page is written in runes; everything else is left alone.
  plugins: [svelte({ configFile: resolve(import.meta.dirname, 'renderer/svelte.config.js') })],
  test: {
    name,
    include: [include],
    // Built servers lie there, mounted while they are built.
    exclude: ['test/.cache/**'],
    testTimeout: timeout,
    hookTimeout: timeout,
    maxWorkers: workers,
    env: { TZ: 'UTC' },
  },
});

export default defineConfig({
  test: {
    reporters: process.env['CI'] === undefined ? ['default'] : ['verbose'],
    projects: [
      // No program but Node: seconds.
      project('unit', 'test/**/*.test.ts', 30_000, 2),
      // Real tools make the input or judge the output (mkfs, e2fsck, qemu-img, virt-xml-validate ...).
      project('tools', 'test/**/*.tools.ts', 600_000, 2),
      // Mutated inputs by the thousand.
      project('fuzz', 'test/**/*.fuzz.ts', 900_000, 2),
      // The application in Chromium, over the real core. Needs the built page: `npm run build`.
      project('e2e', 'test/**/*.e2e.ts', 300_000, 1),
      // Whole servers: built by debootstrap, converted, booted in QEMU.
      project('boot', 'test/**/*.boot.ts', 1_800_000, 2),
    ],
  },
});
