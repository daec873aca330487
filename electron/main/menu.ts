/** The menu: what systems expect there, by their own roles, so that every key does what it does elsewhere. */
import type { MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  showLogs: () => void;
}

export function menuTemplate(
  platform: string,
  packaged: boolean,
  actions: MenuActions,
): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    { label: '&File', submenu: [mac ? { role: 'close' } : { role: 'quit', accelerator: 'CmdOrCtrl+Q' }] },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        // What a page holds is for developers to look at, in a checkout.
        ...(packaged ? [] : [{ role: 'reload' as const }, { role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'Show log files', click: actions.showLogs },
        ...(mac ? [] : [{ role: 'about' as const }]),
      ],
    },
  ];
}
