/** All that the page gets of Electron: three functions, with names of channels that it cannot choose. */
import { contextBridge, ipcRenderer } from 'electron';

let heard: (lines: unknown) => void = () => undefined;
ipcRenderer.on('ironlift:events', (_event, lines: unknown) => heard(lines));

contextBridge.exposeInMainWorld('ironlift', {
  call: (id: number, method: string, input: unknown) =>
    ipcRenderer.invoke('ironlift:call', id, method, input),
  cancel: (id: number) => ipcRenderer.invoke('ironlift:cancel', id),
  listen: (since: unknown, listener: (lines: unknown) => void) => {
    heard = listener;
    return ipcRenderer.invoke('ironlift:listen', since);
  },
});
