/** electron/main/ipc.ts and the preload script on both sides of a fake ipcMain and ipcRenderer. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { IpcMain } from 'electron';
import { serveIpc } from '../../electron/main/ipc.ts';
import { connectBridge, type Bridge } from '../../renderer/client/bridge.ts';
import { FakeIpcMain, FakeWebContents, rendererOf } from '../electron/fakes/electron.ts';
import type { PracticeProgram } from './practice.ts';
import type { Transport } from './transport.ts';

const PRELOAD = join(import.meta.dirname, '../../electron/preload/preload.ts');

/** Runs the preload script as it stands, in a world of its own. */
export function bridgeOf(contents: FakeWebContents): Bridge {
  const { contextBridge, ipcRenderer, exposed } = rendererOf(contents);
  const source = stripTypeScriptTypes(readFileSync(PRELOAD, 'utf8')).replace(/^import .*$/mu, '');
  runInNewContext(source, { contextBridge, ipcRenderer });
  return exposed['ironlift'] as Bridge;
}

export async function openIpcPair(program: PracticeProgram): Promise<Transport> {
  const ipcMain = new FakeIpcMain();
  serveIpc({
    ipcMain: ipcMain as unknown as IpcMain,
    handlers: program.handlers,
    events: program.events,
    destroy: true,
    log: program.log,
    clock: () => 0,
  });
  const first = new FakeWebContents(ipcMain);
  return {
    connection: await connectBridge(bridgeOf(first)),
    another: () => connectBridge(bridgeOf(new FakeWebContents(ipcMain))),
    leave: async () => first.destroy(),
    close: async () => undefined,
  };
}
