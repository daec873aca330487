/**
 * What is handed to powershell.exe, judged by an independent grammar of PowerShell, and how its ending is taken, with
 * Node in its place. The command itself has never run against a server in these tests: there is no Windows here.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  collectRemotely,
  literal,
  remotingCommand,
} from '../../../../migration-core/collect/windows/remoting.ts';
import { parsePowerShell } from '../../../support/powershell.ts';
import { scratchFolder } from '../../../support/tools.ts';

const SCRIPT = 'C:\\Program Files\\Ironlift\\resources\\collectors\\windows.ps1';
const HOSTILE = [
  "srv'; Remove-Item C:\\ -Recurse; '",
  'srv\u2019; calc; \u2018',
  '$(calc)',
  '`$x & calc | more',
  '-FilePath evil.ps1',
  '"quoted" %PATH%',
  '@{a=1}',
];

describe('the command for powershell.exe', () => {
  it.each(HOSTILE)('takes %s for a name and nothing else', async (name) => {
    const command = remotingCommand({ host: name, user: name, tls: true }, { script: SCRIPT });
    const plain = remotingCommand({ host: 'srv', user: 'admin', tls: true }, { script: SCRIPT });
    const [script, usual] = [await parsePowerShell(command.text), await parsePowerShell(plain.text)];
    expect(script.hasError).toBe(false);
    expect(script.literals.filter((text) => text === name)).toHaveLength(2);
    // The same commands with the same parameters, whatever the name.
    const shape = (of: typeof script): string[] =>
      of.commands.map((one) => [one.name, ...one.parameters.map((parameter) => parameter.name)].join(' '));
    expect(shape(script)).toEqual(shape(usual));
    expect(shape(script).filter((one) => one.startsWith('Invoke-Command'))).toEqual([
      'Invoke-Command FilePath ArgumentList',
    ]);
    // Nothing of it stands on the command line as it is.
    expect(command.args.slice(0, -1)).toEqual(plain.args.slice(0, -1));
    expect(command.args.at(-1)).toMatch(/^[A-Za-z0-9+/=]+$/u);
    expect(Buffer.from(command.args.at(-1)!, 'base64').toString('utf16le')).toBe(command.text);
    // CreateProcess takes 32,767 characters.
    expect(command.args.join(' ').length).toBeLessThan(32_000);
  });

  it('reads a password from standard input only where there is a user', () => {
    const options = { script: SCRIPT, durationSeconds: 3600, intervalSeconds: 30 };
    const own = remotingCommand({ host: 'srv', port: 5985 }, options);
    expect(own.text).not.toMatch(/ReadLine|Credential/u);
    expect(own.text).toContain("-ArgumentList '', 30, 3600, 'base64'");
    expect(own.text).toContain('Port = 5985');
    expect(own.text).not.toContain('UseSSL');
    expect(remotingCommand({ host: 'srv', user: 'a' }, options).text).toContain(
      '[System.Console]::In.ReadLine()',
    );
  });

  it('refuses what is no name, no port, no time', () => {
    const refused =
      (server: object, options = {}): (() => unknown) =>
      () =>
        remotingCommand({ host: 'srv', ...server }, { script: SCRIPT, ...options });
    for (const call of [
      refused({ host: '' }),
      refused({ host: 'a\nb' }),
      refused({ host: 'x'.repeat(300) }),
      refused({ user: 'a\u0000' }),
      refused({ port: 70_000 }),
      refused({}, { durationSeconds: 1.5 }),
      refused({}, { intervalSeconds: 0 }),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  it('doubles every kind of quote', () => {
    expect(literal("a'b\u2019c")).toBe("'a''b\u2019\u2019c'");
  });
});

describe('what powershell.exe says', () => {
  async function stand(code: string): Promise<{ path: string; args: string[] }> {
    const file = join(await scratchFolder(), 'powershell.mjs');
    await writeFile(file, code);
    return { path: process.execPath, args: [file] };
  }
  const collect = async (code: string, user?: string, password?: string): Promise<Buffer> =>
    collectRemotely({ host: 'srv', user }, { script: SCRIPT }, password, undefined, await stand(code));

  it('is the bundle, in lines of base64', async () => {
    const text = Buffer.from('PK\x03\x04 and so on'.repeat(50)).toString('base64');
    const lines = text.match(/.{1,76}/gu)!.join('\r\n');
    const bundle = await collect(`process.stdout.write(${JSON.stringify(lines)})`);
    expect(bundle.toString('latin1')).toBe('PK\x03\x04 and so on'.repeat(50));
  });

  it('never gets the password but as a line of its input', async () => {
    const secret = 'pä$$ w"ord\'';
    const bundle = await collect(
      `import { readFileSync } from 'node:fs';
       const line = Buffer.from(readFileSync(0, 'utf8').trim(), 'base64').toString();
       const seen = JSON.stringify([process.argv, process.env]).includes('w\\\\"ord');
       process.stdout.write(Buffer.from('PK' + line + seen).toString('base64'))`,
      'CORP\\admin',
      secret,
    );
    expect(bundle.toString()).toBe(`PK${secret}false`);
  });

  it.each([
    ['AccessDenied,PSSessionStateBroken', 'LOGIN_FAILED'],
    ['NetworkPathNotFound,PSSessionStateBroken', 'HOST_NOT_REACHED'],
    ['CannotConnect,PSSessionStateBroken', 'HOST_NOT_REACHED'],
    ['Something,Else', 'COLLECT_FAILED'],
  ])('as %s is %s', async (id, code) => {
    const script = `process.stderr.write('IRONLIFT ${id}\\nZugriff verweigert'); process.exit(1)`;
    await expect(collect(script, 'admin', 'secret-word')).rejects.toMatchObject({ code });
    await expect(collect(script, 'admin', 'secret-word')).rejects.not.toThrow(/secret-word/u);
  });

  it('is no bundle when it is something else', async () => {
    await expect(collect("process.stdout.write('hello')")).rejects.toMatchObject({ code: 'COLLECT_FAILED' });
  });

  it('is not to be had where there is no PowerShell', async () => {
    const missing = { path: '/nowhere/powershell.exe', args: [] };
    await expect(
      collectRemotely({ host: 'srv' }, { script: SCRIPT }, undefined, undefined, missing),
    ).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    await expect(
      collectRemotely(
        { host: 'srv' },
        { script: SCRIPT },
        undefined,
        controller.signal,
        await stand('setInterval(() => 0, 1000)'),
      ),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
