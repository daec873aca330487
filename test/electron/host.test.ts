import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BODY_LIMIT, type Host } from '../../electron/host/host.ts';
import { ownerIn, usersOf } from '../../electron/host/peer.ts';
import { CONTENT_SECURITY_POLICY } from '../../electron/page.ts';
import { openTab, startPractice } from '../conformance/loopback.ts';
import { practiceProgram, type PracticeProgram } from '../conformance/practice.ts';

async function withHost(work: (host: Host, program: PracticeProgram) => Promise<void>): Promise<void> {
  const program = practiceProgram();
  const host = await startPractice(program);
  try {
    await work(host, program);
  } finally {
    await host.close();
  }
}

const session = async (host: Host): Promise<Record<string, string>> => {
  const response = await fetch(`${host.origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: new URL(host.newUrl()).hash.slice(3) }),
  });
  const { token } = (await response.json()) as { token: string };
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
};

/** As it goes over the wire, for what no well-behaved client sends. */
async function raw(host: Host, text: string): Promise<string> {
  const socket = connect(host.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('the loopback host', () => {
  it('serves the page with all its headers, and the code in the fragment only', () =>
    withHost(async (host) => {
      expect(host.newUrl()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#c=[\w-]{43}$/u);
      const response = await fetch(`${host.origin}/`);
      expect(await response.text()).toContain('<title>Practice</title>');
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'content-type': 'text/html; charset=utf-8',
      });
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(response.headers.get('set-cookie')).toBeNull();
    }));

  it('answers on 127.0.0.1 alone', () =>
    withHost(async (host) => {
      const socket = connect(host.port, '127.0.0.2');
      const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [
        { code?: string },
      ];
      expect(error.code).toBe('ECONNREFUSED');
    }));

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..\\..\\windows\\win.ini',
    '/app.js%00.html',
    '/./app.js',
    '//app.js',
    '/assets/',
    '/__proto__',
    '/constructor',
    '/\\\\server\\share',
  ])('serves nothing that is not in its list: %s', (path) =>
    withHost(async (host) => {
      const answer = await raw(host, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (404|400) /u);
      expect(answer).not.toContain('document.title');
    }),
  );

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['a cookie', { cookie: 'token=x' }],
  ])('answers nobody with %s', (_name, headers) =>
    withHost(async (host, program) => {
      for (const path of ['/api/call', '/api/events']) {
        const response = await fetch(`${host.origin}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ method: 'app.settings', input: {} }),
        });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({
          ok: false,
          error: { code: 'REQUEST_REFUSED', message: 'This page is not connected to the program any more.' },
        });
      }
      expect(program.logged.filter(({ what }) => what === 'call')).toEqual([]);
    }),
  );

  it('refuses a name that somebody pointed to 127.0.0.1', () =>
    withHost(async (host) => {
      const answer = await raw(host, 'GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n');
      expect(answer).toMatch(/^HTTP\/1\.1 421 /u);
      expect(answer).not.toContain('Practice');
      const two = await raw(
        host,
        'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n',
      );
      expect(two).toMatch(/^HTTP\/1\.1 4(21|00) /u);
      expect(await raw(host, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /u);
    }));

  it('takes no call that is larger than a megabyte, told or not', () =>
    withHost(async (host) => {
      const headers = await session(host);
      const large = 'x'.repeat(BODY_LIMIT);
      const told = await fetch(`${host.origin}/api/call`, {
        method: 'POST',
        headers,
        body: large + large,
      }).catch(() => null);
      if (told !== null) expect(told.status).toBe(413);
      const lines = Object.entries({ ...headers, host: '127.0.0.1', 'transfer-encoding': 'chunked' });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const chunk = `${(1 << 16).toString(16)}\r\n${'x'.repeat(1 << 16)}\r\n`;
      const answer = await raw(host, `POST /api/call HTTP/1.1\r\n${head}\r\n${chunk.repeat(40)}`);
      expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*The call is larger than a megabyte\./u);
      // And it still serves.
      expect((await fetch(`${host.origin}/`)).status).toBe(200);
    }));

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['nothing', ''],
    ['null', 'null'],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
  ])('understands no call that is %s', (_name, body) =>
    withHost(async (host) => {
      const response = await fetch(`${host.origin}/api/call`, {
        method: 'POST',
        headers: await session(host),
        body,
      });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('The call is not a JSON object.');
    }),
  );

  it.each([
    ['deeply nested', `{"method":"app.settings","input":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
    ['of a strange method', '{"method":{"toString":1},"input":{}}'],
    ['with a prototype', '{"method":"app.settings","input":{"__proto__":{"x":1}}}'],
  ])('survives a call that is %s', (_name, body) =>
    withHost(async (host) => {
      const response = await fetch(`${host.origin}/api/call`, {
        method: 'POST',
        headers: await session(host),
        body,
      });
      expect((await response.json()) as object).toMatchObject({ ok: false });
      expect((await fetch(`${host.origin}/`)).status).toBe(200);
    }),
  );

  it('ends who does not finish to speak', () =>
    withHost(async (host) => {
      const before = performance.now();
      const answer = await raw(host, 'POST /api/call HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
      expect(answer).toMatch(/^HTTP\/1\.1 408 /u);
      expect(performance.now() - before).toBeLessThan(9000);
    }));

  it('takes somebody who leaves in the middle of a word for no fault of its own', () =>
    withHost(async (host, program) => {
      for (const path of ['/api/session', '/api/call']) {
        const headers = { ...(await session(host)), host: '127.0.0.1', 'content-length': '1000' };
        const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        const socket = connect(host.port, '127.0.0.1');
        socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n{"code":`);
        await vi.waitFor(() => expect(host.busy()).toBe(1));
        socket.resetAndDestroy();
        await vi.waitFor(() => expect(host.busy()).toBe(0));
      }
      // Anybody at this computer can do that, without a secret, as often as they like.
      await vi.waitFor(() => expect(program.logged.length + program.faults.length).toBe(2));
      expect(program.logged).toEqual(Array(2).fill({ what: 'refused', facts: { status: 400 } }));
    }));

  it('writes method, duration and outcome into the log, and no input', () =>
    withHost(async (host, program) => {
      const tab = await openTab(host);
      await tab.client.call('app.saveSettings', { consultant: 'Nobody Else' });
      await tab.client.call('not.there' as 'app.about', {}).catch(() => undefined);
      const calls = program.logged.filter(({ what }) => what === 'call').map(({ facts }) => facts);
      expect(calls).toMatchObject([
        { method: 'app.saveSettings', outcome: 'ok' },
        { method: '(unknown)', outcome: 'USAGE' },
      ]);
      expect(JSON.stringify(program.logged)).not.toMatch(/Nobody Else|not\.there|Bearer/u);
      tab.leave();
    }));

  it.skipIf(process.platform !== 'linux')('gives its secret to no other user of this computer', async () => {
    const own = process.getuid!();
    // Who reads the address in the list of processes comes before the browser has started.
    const enter = async (users: number[]): Promise<Response> => {
      const host = await startPractice(practiceProgram(), { users });
      onTestFinished(() => host.close());
      const code = new URL(host.newUrl()).hash.slice(3);
      const headers = { 'content-type': 'application/json' };
      return fetch(`${host.origin}/api/session`, { method: 'POST', headers, body: JSON.stringify({ code }) });
    };
    expect((await enter([own])).status).toBe(200);
    const refused = await enter([own + 1]);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('The program belongs to another user of this computer.');
  });

  it('knows whose program is at the other end of a connection', () => {
    const line = (at: number, from: string, to: string, uid: number): string =>
      `   ${at}: ${from} ${to} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 4711 1 0 20 4 30 10 -1`;
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      line(0, '0100007F:1267', '0100007F:D431', 1000),
      line(1, '0100007F:D431', '0100007F:1267', 1001),
      line(2, '0000000000000000FFFF00000100007F:D432', '0000000000000000FFFF00000100007F:1267', 1002),
      line(3, '0200A8C0:D433', '0100007F:1267', 1003),
    ].join('\n');
    expect([0xd431, 0xd432, 0xd433, 1].map((port) => ownerIn(table, port, 0x1267))).toEqual([
      ...[1001, 1002, null, null],
    ]);
    expect(ownerIn('', 1, 2)).toBeNull();
    expect(usersOf('linux', 1000, {})).toEqual([0, 1000]);
    expect(usersOf('linux', 0, { SUDO_UID: '1000' })).toEqual([0, 1000]);
    expect(usersOf('linux', 998, { SUDO_UID: '1000', PKEXEC_UID: 'x' })).toEqual([0, 998, 1000]);
    // Root alone: whose browser it is meant for, nobody has said.
    expect(usersOf('linux', 0, {})).toBeNull();
    expect(usersOf('darwin', 501, {})).toBeNull();
    expect(usersOf('win32', undefined, {})).toBeNull();
  });

  it('says which port cannot be used', () =>
    withHost(async (host, program) => {
      await expect(startPractice(program, { port: host.port })).rejects.toMatchObject({
        code: 'PORT_NOT_FREE',
        message: `Port ${host.port} cannot be used: another program has it, or it is reserved.`,
      });
    }));

  it('lives on after a reload of its page, and gives a second browser nothing', () =>
    withHost(async (host) => {
      const storage = new Map<string, string>();
      const first = await openTab(host, storage);
      first.leave();
      // Its fragment is a new code here; a reload has none, so the kept token must do.
      expect([...storage.values()]).toHaveLength(1);
      const url = host.newUrl();
      const code = new URL(url).hash.slice(3);
      const exchange = () =>
        fetch(`${host.origin}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ code }),
        });
      expect((await exchange()).status).toBe(200);
      const second = await exchange();
      expect(second.status).toBe(401);
      expect(await second.text()).toContain('This address was used before, or is older than a minute.');
    }));
});
