/** The desktop application as a whole over the fake of Electron, with the real session and real task processes behind it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startDesktop } from '../../electron/main/desktop.ts';
import { taskProgram } from '../../electron/places.ts';
import { connectBridge } from '../../renderer/client/bridge.ts';
import type { Connection } from '../../renderer/client/connection.ts';
import { bridgeOf } from '../conformance/ipc-pair.ts';
import { fakeElectron, preventable, type FakeOptions } from './fakes/electron.ts';

export interface Desktop extends ReturnType<typeof fakeElectron> {
  folder: string;
  node: EventEmitter;
  /** The page of the window. */
  connect(): Promise<Connection>;
}

export async function openDesktop(
  options: Partial<FakeOptions> & { argv?: string[]; platform?: NodeJS.Platform } = {},
  /** `afterAll` where it is opened for all tests of a file. */
  atEnd: (work: () => Promise<void>) => void = onTestFinished,
): Promise<Desktop> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  const page = join(folder, 'page');
  await mkdir(page);
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Desktop</title>');
  const fake = fakeElectron({ userData: folder, ...options });
  const node = Object.assign(new EventEmitter(), {
    argv: options.argv ?? ['/opt/ironlift'],
    cwd: () => folder,
    env: { PATH: process.env['PATH'], SECRET_OF_ANOTHER: 'hunter2' },
    execPath: '/opt/ironlift',
    getuid: () => 1000,
    platform: options.platform ?? ('linux' as const),
  });
  await startDesktop(fake.electron, node as unknown as NodeJS.Process, {
    page,
    preload: '/opt/preload.cjs',
    icon: '/opt/icon.png',
    taskProgram: taskProgram(),
    helperProgram: '/opt/helper',
  });
  atEnd(async () => {
    // Ends the session with its processes, as a quit without jobs does.
    if (!fake.did.some((what) => what.startsWith('app.exit'))) {
      fake.powerMonitor.emit('shutdown');
      while (!fake.did.some((what) => what.startsWith('app.exit')) && fake.ipcMain.handlers.size > 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await rm(folder, { recursive: true, force: true });
  });
  return {
    ...fake,
    folder,
    node,
    connect: () => connectBridge(bridgeOf(fake.windows[0]!.webContents)),
  };
}

/** Emits an event that can be prevented, and says whether it was. */
export function prevents(
  emitter: EventEmitter,
  event: string,
  facts: object = {},
  ...more: unknown[]
): boolean {
  const prevented = preventable(facts);
  emitter.emit(event, prevented, ...more);
  return prevented.prevented;
}
