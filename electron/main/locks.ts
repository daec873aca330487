/** What the page may not do: leave, open windows, hold other pages, ask for rights, download. */
import type { Session, WebContents } from 'electron';
import { isPage } from './page-protocol.ts';

/**
 * All rights a page can ask for are refused: it needs none.
 * @param mayLoad the addresses that its page may load beside `data:`; of the network there is none
 */
export function lockSession(session: Session, mayLoad: (url: string) => boolean = isOwn): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }));
  session.setDisplayMediaRequestHandler((_request, answer) => answer(null));
  session.on('will-download', (event) => event.preventDefault());
  session.on('select-hid-device', (event, _details, choose) => {
    event.preventDefault();
    choose(null);
  });
  session.on('select-usb-device', (event, _details, choose) => {
    event.preventDefault();
    choose();
  });
  session.on('select-serial-port', (event, _ports, _contents, choose) => {
    event.preventDefault();
    choose('');
  });
  // The page loads from its own address and nothing else; the network is not there for it.
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !mayLoad(details.url) && !details.url.startsWith('data:') });
  });
}

const isOwn = (url: string): boolean => isPage(url) || url.startsWith('devtools:');

/** For each page that there ever is: on `web-contents-created`. */
export function lockContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    if (!isPage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!isPage(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
