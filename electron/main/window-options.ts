/** The one description of a window. The page in it is treated as if it were somebody else's. */
import type { BrowserWindowConstructorOptions, WebPreferences } from 'electron';
import type { WindowPlace } from './window-state.ts';

/** What no page may do, neither the one that is seen nor one that is only printed. */
export const LOCKED_PAGE = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
} as const satisfies WebPreferences;

export function windowOptions(
  place: WindowPlace,
  preload: string,
  icon: string,
): BrowserWindowConstructorOptions {
  return {
    ...place.bounds,
    minWidth: 960,
    minHeight: 600,
    title: 'Ironlift',
    icon,
    // Shown when there is something to see: an empty window is a white flash in a dark room.
    show: false,
    backgroundColor: place.dark ? '#14171a' : '#f7f8f9',
    autoHideMenuBar: true,
    webPreferences: {
      ...LOCKED_PAGE,
      preload,
      // A conversion that runs while the window is covered is still told of.
      backgroundThrottling: false,
    },
  };
}
