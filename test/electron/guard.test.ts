import { describe, expect, it } from 'vitest';
import { guard, type RequestHead } from '../../electron/host/guard.ts';

const call = (
  changes: Record<string, string | string[] | undefined> = {},
  target = '/api/call',
  method = 'POST',
) => {
  const headers: Record<string, readonly string[] | undefined> = {
    host: ['127.0.0.1:4711'],
    'content-type': ['application/json'],
  };
  for (const [name, value] of Object.entries(changes))
    headers[name] = value === undefined ? undefined : typeof value === 'string' ? [value] : value;
  return guard({ method, target, headers } satisfies RequestHead);
};
const ofPage = (target: string, method = 'GET') => call({ 'content-type': undefined }, target, method);

describe('the guard of the loopback host', () => {
  it.each([
    ['plain', {}],
    ['by name', { host: 'localhost:4711' }],
    ['by name in capitals, as a person may type it', { host: 'LocalHost:4711' }],
    ['IPv6', { host: '[::1]:4711' }],
    ['without a port', { host: '127.0.0.1' }],
    ['another port, forwarded by ssh', { host: '127.0.0.1:9000', origin: 'http://127.0.0.1:9000' }],
    ['its own origin', { origin: 'http://127.0.0.1:4711' }],
    ['the browser says so', { origin: 'http://127.0.0.1:4711', 'sec-fetch-site': 'same-origin' }],
    ['typed by a person', { 'sec-fetch-site': 'none' }],
    ['with a character set', { 'content-type': 'Application/JSON; charset=utf-8' }],
  ])('lets a call pass: %s', (_name, headers) => {
    expect(call(headers)).toEqual({ pass: true, route: 'call', path: '/api/call' });
  });

  it.each([
    ['evil.test:4711'],
    ['127.0.0.1.evil.test'],
    ['evil.test\\@127.0.0.1'],
    ['127.0.0.1:4711@evil.test'],
    ['127.0.0.1:4711, evil.test'],
    ['localhost.'],
    ['127.1:4711'],
    ['2130706433:4711'],
    ['0.0.0.0:4711'],
    ['127.0.0.1:'],
    ['127.0.0.1:123456'],
    [''],
  ])('answers under no other name: %j', (host) => {
    expect(call({ host })).toEqual({
      pass: false,
      status: 421,
      why: 'This address is served under the names 127.0.0.1 and localhost only.',
    });
  });

  it('answers no request without a name, and none with two', () => {
    expect(call({ host: undefined })).toMatchObject({ status: 421 });
    expect(call({ host: ['127.0.0.1:4711', 'evil.test'] })).toMatchObject({ status: 421 });
  });

  it.each([
    [{ origin: 'http://evil.test' }],
    [{ origin: 'null' }],
    [{ origin: 'https://127.0.0.1:4711' }],
    [{ origin: 'http://127.0.0.1:4712' }],
    [{ origin: 'http://localhost:4711' }],
    [{ origin: 'http://127.0.0.1:4711.evil.test' }],
    [{ origin: '' }],
    [{ origin: ['http://127.0.0.1:4711', 'http://evil.test'] }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'Same-Origin ' }],
  ])('answers no other page: %j', (headers) => {
    const refusal = { pass: false, status: 403, why: 'Requests of other pages are not answered.' };
    expect(call(headers)).toEqual(refusal);
    expect(call({ ...headers, 'content-type': undefined }, '/', 'GET')).toEqual(refusal);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', ''])(
    'takes no call by %j',
    (method) => {
      expect(call({}, '/api/call', method)).toEqual({
        pass: false,
        status: 405,
        why: 'Calls are made by POST.',
        headers: { allow: 'POST' },
      });
    },
  );

  it.each([
    [undefined],
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data'],
    ['text/plain; application/json'],
    ['application/jsonp'],
    [['application/json', 'text/plain']],
  ])('takes no call of type %j, as a form of another page could send it', (type) => {
    expect(call({ 'content-type': type })).toEqual({
      pass: false,
      status: 415,
      why: 'Calls are made in JSON.',
    });
  });

  it('takes no packed call: its size could not be told', () => {
    expect(call({ 'content-encoding': 'gzip' })).toMatchObject({ status: 415, why: 'Calls are not packed.' });
  });

  it('knows its three addresses and no other below /api', () => {
    expect(call({}, '/api/session')).toMatchObject({ pass: true, route: 'session' });
    expect(call({}, '/api/events?x#y')).toMatchObject({ pass: true, route: 'events' });
    for (const target of ['/api', '/api/', '/api/call/', '/api/CALL', '/api/constructor', '/api/__proto__'])
      expect(call({}, target)).toMatchObject({ pass: false, status: 404 });
  });

  it('reads pages only', () => {
    expect(ofPage('/')).toEqual({ pass: true, route: 'page', path: '/' });
    expect(ofPage('/assets/x.js?v=1', 'HEAD')).toMatchObject({ route: 'page', path: '/assets/x.js' });
    expect(ofPage('/', 'POST')).toMatchObject({ status: 405, why: 'The page can only be read.' });
  });

  it.each(['http://evil.test/', '//evil.test/', '*', 'evil.test:80', ''])(
    'understands no target %j',
    (target) => {
      expect(ofPage(target)).toEqual({ pass: false, status: 400, why: 'The address is not understood.' });
    },
  );
});
