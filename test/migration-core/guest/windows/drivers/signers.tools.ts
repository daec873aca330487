/** OpenSSL as the judge of the catalogues the tests make, and as the maker of others. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { signersOf } from '../../../../../migration-core/guest/windows/drivers/inf/signers.ts';
import { catalogue } from '../../../../support/catalogues.ts';
import { run, scratchFolder } from '../../../../support/tools.ts';

test('OpenSSL finds the same certificates in the catalogues of the tests, and their chain whole', async () => {
  const folder = await scratchFolder();
  for (const chain of ['microsoft', 'maker', 'cross-signed'] as const) {
    const path = join(folder, `${chain}.cat`);
    await writeFile(path, catalogue('sha256', chain));
    const text = await run('openssl', ['pkcs7', '-inform', 'DER', '-in', path, '-print_certs']);
    const pems = text.match(/-----BEGIN[^]*?END CERTIFICATE-----/gu)!;
    const [own] = signersOf(await readFile(path))!;
    const prints = new Map<string, string>();
    for (const [index, pem] of pems.entries()) {
      const one = join(folder, `${index}.pem`);
      await writeFile(one, pem);
      const told = await run('openssl', ['x509', '-in', one, '-noout', '-fingerprint', '-sha1', '-subject']);
      prints.set(/Fingerprint=(.*)/u.exec(told)![1]!.replaceAll(':', ''), /subject=(.*)/u.exec(told)![1]!);
    }
    expect(prints.get(own!.thumbprint)).toContain(
      `CN = ${/,/u.test(own!.name) ? `"${own!.name}"` : own!.name}`,
    );
    // As they lie in it, authorities come first: the signer's is the last.
    const anchors = join(folder, 'anchors.pem');
    await writeFile(anchors, pems.slice(0, -1).join('\n'));
    await writeFile(join(folder, 'own.pem'), pems.at(-1)!);
    expect(
      await run('openssl', ['verify', '-partial_chain', '-CAfile', anchors, join(folder, 'own.pem')]),
    ).toMatch(/: OK/u);
  }
});

test('catalogues that OpenSSL signs, with Microsoft among the certificates or as the signer', async () => {
  const folder = await scratchFolder();
  const at = (name: string): string => join(folder, name);
  const make = async (
    name: string,
    subject: string,
    serial: number,
    issuer: string | null,
  ): Promise<void> => {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', at(`${name}.key`)];
    const own = ['-subj', subject, '-utf8', '-set_serial', String(serial)];
    const by = issuer === null ? [] : ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`)];
    await run('openssl', ['req', '-x509', ...key, ...own, ...by, '-days', '3650', '-out', at(`${name}.pem`)]);
  };
  const publisher = 'Microsoft Windows Hardware Compatibility Publisher';
  await make('root', '/C=US/O=Microsoft Corporation/CN=Microsoft Code Verification Root', 1, null);
  await make('whql-ca', '/O=Microsoft Corporation/CN=Example Component CA', 2, 'root');
  await make('maker-ca', '/O=Example Trust/CN=Example Code Signing', 3, 'root');
  await make('whql', `/O=Microsoft Corporation/CN=${publisher}`, 77, 'whql-ca');
  await make('maker', '/C=CZ/O=Tovární řadiče/CN=Tovární řadiče', 77, 'maker-ca');
  const all = ['maker-ca', 'whql', 'whql-ca', 'maker', 'root'];
  await writeFile(at('list'), 'an empty list');
  const sign = async (signers: readonly string[], more: string[] = []): Promise<Buffer> => {
    // OpenSSL puts those of the signers in itself.
    const beside = all.filter((one) => !signers.includes(one));
    const texts = await Promise.all(beside.map((one) => readFile(at(`${one}.pem`), 'utf8')));
    await writeFile(at('beside.pem'), texts.join('\n'));
    const by = signers.flatMap((one) => ['-signer', at(`${one}.pem`), '-inkey', at(`${one}.key`), ...more]);
    await run('openssl', [
      ...['cms', '-sign', '-binary', '-nodetach', '-econtent_type', '1.3.6.1.4.1.311.10.1'],
      ...['-in', at('list'), ...by, '-certfile', at('beside.pem'), '-outform', 'DER', '-out', at('out.cat')],
    ]);
    const verify = ['cms', '-verify', '-inform', 'DER', '-in', at('out.cat'), '-CAfile', at('root.pem')];
    await run('openssl', [...verify, '-purpose', 'any', '-out', at('content')]);
    expect(await readFile(at('content'), 'utf8')).toBe('an empty list');
    return readFile(at('out.cat'));
  };
  // Each has the certificates of both, whose numbers are the same.
  const microsoft = { name: publisher, microsoft: true };
  const maker = { name: 'Tovární řadiče', microsoft: false, crossSigned: true };
  expect(signersOf(await sign(['whql']))).toMatchObject([microsoft]);
  expect(signersOf(await sign(['maker']))).toMatchObject([maker]);
  const both = signersOf(await sign(['whql', 'maker']))!;
  expect(both.sort((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([microsoft, maker]);
  // A signer known by the number of his key alone is nobody whose name could be read.
  expect(signersOf(await sign(['whql'], ['-keyid']))).toBeNull();
});
