/**
 * The line of the page to this process, and the only place where ipcMain is used. Who sends is checked before anything
 * else: the page itself, in the top frame of a window.
 */
import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { answerCall, type Answering } from '../answer.ts';
import type { CallResult } from '../../migration-core/contract/call.ts';
import { placeOf, type EventStream, type StreamLine } from '../event-stream.ts';
import { isPage } from './page-protocol.ts';

export interface IpcOptions extends Answering {
  ipcMain: Pick<IpcMain, 'handle'>;
  events: EventStream;
}

/** Calls of one page that are under way: a page that asks for more is broken. */
const CALLS = 256;

interface PageLine {
  calls: Map<number, AbortController>;
  endEvents: () => void;
}

export function serveIpc(options: IpcOptions): void {
  const pages = new WeakMap<WebContents, PageLine>();

  /** What is known of a page, until it is gone or loads anew. */
  const lineOf = (contents: WebContents): PageLine => {
    const known = pages.get(contents);
    if (known !== undefined) return known;
    const line: PageLine = { calls: new Map(), endEvents: () => undefined };
    const end = (): void => {
      line.endEvents();
      line.endEvents = () => undefined;
      for (const call of line.calls.values()) call.abort();
      line.calls.clear();
    };
    contents.once('destroyed', end);
    contents.on('render-process-gone', end);
    contents.on('did-start-navigation', (details) => {
      if (details.isMainFrame && !details.isSameDocument) end();
    });
    pages.set(contents, line);
    return line;
  };

  const handle = (channel: string, work: (contents: WebContents, ...args: unknown[]) => unknown): void => {
    options.ipcMain.handle(channel, (event, ...args: unknown[]) => {
      if (!isOwnPage(event)) {
        options.log.info('refused', { channel });
        throw new Error('Refused.');
      }
      return work(event.sender, ...args);
    });
  };

  handle('ironlift:call', async (contents, id, method, input): Promise<CallResult> => {
    const { calls } = lineOf(contents);
    if (typeof id !== 'number' || calls.has(id) || calls.size >= CALLS) throw new Error('Refused.');
    const controller = new AbortController();
    calls.set(id, controller);
    try {
      return await answerCall(options, method, input, controller.signal);
    } finally {
      calls.delete(id);
    }
  });

  handle('ironlift:cancel', (contents, id) => {
    lineOf(contents)
      .calls.get(id as number)
      ?.abort();
  });

  handle('ironlift:listen', (contents, since) => {
    const line = lineOf(contents);
    line.endEvents();
    line.endEvents = options.events.follow(placeOf(since), (streamLine: StreamLine) => {
      if (!contents.isDestroyed()) contents.send('ironlift:events', [streamLine]);
    });
  });
}

/** The event's frame is null when it has gone meanwhile. */
function isOwnPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && isPage(senderFrame.url);
}
