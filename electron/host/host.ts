/** The loopback host: the page, its calls and its events over HTTP on 127.0.0.1, for one person at this computer. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IronliftError, systemErrorCode } from '../../migration-core/base/errors.ts';
import { answerCall, type Answering } from '../answer.ts';
import { placeOf, type EventStream, type StreamLine } from '../event-stream.ts';
import { SECURITY_HEADERS, type Page } from '../page.ts';
import { guard } from './guard.ts';
import { peerUser } from './peer.ts';
import { SessionToken, type TokenWorld } from './session-token.ts';

/** Of the body of a call: a megabyte of input and the words around it. */
export const BODY_LIMIT = (1 << 20) + 4096;
/** A browser opens six, a person some tabs; more is somebody who wants to use them up. */
const CONNECTIONS = 32;
const HEADERS_TIMEOUT = 5000;
const REQUEST_TIMEOUT = 30_000;
/** Between signs of life of the stream of events. */
const ALIVE_EVERY = 15_000;
/** Of events that a page does not read: then its line is cut, and it comes back for what it missed. */
const UNREAD_LIMIT = 8 << 20;

export interface HostOptions extends Answering {
  page: Page;
  events: EventStream;
  /** 0: any that is free. */
  port: number;
  token: TokenWorld;
  /** Users of this computer that may exchange a code; null: nobody can tell them apart. */
  users: readonly number[] | null;
}

export interface Host {
  port: number;
  /** `http://127.0.0.1:4711`. */
  origin: string;
  /** The address to open, with a new code: good once, for a minute. */
  newUrl(): string;
  /** Calls under way and pages that listen. */
  busy(): number;
  /** Lets go of every connection. */
  close(): Promise<void>;
}

/** @throws PORT_NOT_FREE */
export async function startHost(options: HostOptions): Promise<Host> {
  const token = new SessionToken(options.token);
  let busy = 0;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 << 10,
      requireHostHeader: false, // The guard says it with its own status.
    },
    (request, response) => {
      busy++;
      response.once('close', () => busy--);
      serve(options, token, request, response).catch((error: unknown) => {
        options.log.fault('host', error);
        if (response.headersSent) response.destroy();
        else refuse(response, 500, 'The program made a mistake of its own.');
      });
    },
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(error, options.port)));
    server.listen({ host: '127.0.0.1', port: options.port, exclusive: true }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    port,
    origin,
    newUrl: () => `${origin}/#c=${token.newCode()}`,
    busy: () => busy,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const portError = (error: Error, port: number): Error =>
  ['EADDRINUSE', 'EACCES'].includes(systemErrorCode(error) ?? '')
    ? new IronliftError(
        'PORT_NOT_FREE',
        `Port ${port} cannot be used: another program has it, or it is reserved.`,
        {
          next: 'Choose another with --port, or leave --port away and any free one is taken.',
          cause: error,
        },
      )
    : error;

async function serve(
  options: HostOptions,
  token: SessionToken,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const verdict = guard({
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.headersDistinct,
  });
  if (!verdict.pass) {
    options.log.info('refused', { status: verdict.status });
    for (const [name, value] of Object.entries(verdict.headers ?? {})) response.setHeader(name, value);
    refuse(response, verdict.status, verdict.why);
    return;
  }
  if (verdict.route === 'page') {
    servePage(options.page, verdict.path, request.method === 'HEAD', response);
    return;
  }
  response.setHeader('cache-control', 'no-store');
  if (verdict.route === 'session' && !(await mayEnter(options.users, request))) {
    options.log.info('refused', { status: 403 });
    refuse(response, 403, 'The program belongs to another user of this computer.');
    return;
  }
  if (verdict.route !== 'session' && !(await token.holds(request.headers.authorization))) {
    options.log.info('refused', { status: 401 });
    refuse(response, 401, 'This page is not connected to the program any more.');
    return;
  }
  const body = await readJson(request);
  if ('status' in body) {
    options.log.info('refused', { status: body.status });
    refuse(response, body.status, body.why);
    return;
  }
  if (verdict.route === 'session') await serveSession(token, body.json, response);
  else if (verdict.route === 'events') serveEvents(options.events, body.json, response);
  else await serveCall(options, body.json, response);
}

/** Before the code is looked at: who reads it in the list of processes cannot use it up either. */
async function mayEnter(users: HostOptions['users'], { socket }: IncomingMessage): Promise<boolean> {
  if (users === null) return true;
  const user = await peerUser(socket.remotePort, socket.localPort);
  return user === null || users.includes(user);
}

/** The body of a refusal has the shape of a failed call, so that a page shows its sentence. */
function refuse(response: ServerResponse, status: number, message: string): void {
  // What of the request was not read is not read any more.
  response.setHeader('connection', 'close');
  json(response, status, {
    ok: false,
    error: {
      code: 'REQUEST_REFUSED',
      message,
      next: 'Open the address that `ironlift serve` printed.',
      data: {},
    },
  });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function servePage(page: Page, path: string, head: boolean, response: ServerResponse): void {
  const file = page.get(path);
  if (file === undefined) {
    refuse(response, 404, 'There is nothing at this address.');
    return;
  }
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': file.bytes.length,
    'cache-control': 'no-cache',
  });
  response.end(head ? undefined : file.bytes);
}

type Body = { json: Record<string, unknown> } | { status: number; why: string };

async function readJson(request: IncomingMessage): Promise<Body> {
  const tooLarge = { status: 413, why: 'The call is larger than a megabyte.' };
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return tooLarge;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > BODY_LIMIT) return tooLarge;
      pieces.push(piece);
    }
  } catch {
    // Who leaves before the end is no fault of ours: anybody at this computer could fill the log with those.
    return { status: 400, why: 'The call ended before it was whole.' };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { json: value as Record<string, unknown> };
  } catch {
    // Said below.
  }
  return { status: 400, why: 'The call is not a JSON object.' };
}

async function serveSession(
  token: SessionToken,
  body: Record<string, unknown>,
  response: ServerResponse,
): Promise<void> {
  const value = await token.exchange(body['code']);
  if (value === null) refuse(response, 401, 'This address was used before, or is older than a minute.');
  else json(response, 200, { token: value });
}

async function serveCall(
  options: HostOptions,
  body: Record<string, unknown>,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) gone.abort();
  });
  const result = await answerCall(options, body['method'], body['input'], gone.signal);
  if (response.writable) json(response, 200, result);
}

function serveEvents(events: EventStream, body: Record<string, unknown>, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
  // Else the client waits for the first event before it knows that it is connected.
  response.flushHeaders();
  const send = (line: StreamLine): void => {
    if (response.writableLength > UNREAD_LIMIT) response.destroy();
    else response.write(`${JSON.stringify(line)}\n`);
  };
  const end = events.follow(placeOf(body['since']), send);
  const alive = setInterval(() => send({ alive: true }), ALIVE_EVERY);
  response.once('close', () => {
    end();
    clearInterval(alive);
  });
}
