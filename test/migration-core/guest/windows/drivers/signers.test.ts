/** Who has signed a catalogue, and whether Windows installs it without a question. Expected by hand. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signersOf } from '../../../../../migration-core/guest/windows/drivers/inf/signers.ts';
import { installObstacle } from '../../../../../migration-core/guest/windows/drivers/publisher.ts';
import { catalogue, certificate, CHAINS, signedBy, type Subject } from '../../../../support/catalogues.ts';
import { openHive, type Hive } from '../../../../../migration-core/registry/hive.ts';
import { hiveOf } from '../../../../support/windows-guest.ts';

const MICROSOFT: Subject = [
  ['O', 'Microsoft Corporation'],
  ['CN', 'Microsoft Windows Hardware Compatibility Publisher'],
];
const AUTHORITY: Subject = [
  ['O', 'Microsoft Corporation'],
  ['CN', 'Example authority'],
];
const MAKER: Subject = [
  ['O', 'Example, Inc.'],
  ['CN', 'Example, Inc.'],
];

describe('signers of a catalogue', () => {
  it('is Microsoft by the certificate that the signer points at', () => {
    const [own] = CHAINS.microsoft();
    expect(signersOf(catalogue('sha256', 'microsoft'))).toEqual([
      {
        name: 'Microsoft Windows Hardware Compatibility Publisher',
        microsoft: true,
        thumbprint: createHash('sha1').update(own!.bytes).digest('hex').toUpperCase(),
        crossSigned: false,
      },
    ]);
    expect(signersOf(catalogue('sha1'))![0]!.microsoft).toBe(true);
  });

  it('is the maker, whoever vouches for him', () => {
    expect(signersOf(catalogue('sha256', 'maker'))).toMatchObject([
      { name: 'Example, Inc.', microsoft: false, crossSigned: false },
    ]);
    expect(signersOf(catalogue('sha256', 'cross-signed'))).toMatchObject([
      { name: 'Example, Inc.', microsoft: false, crossSigned: true },
    ]);
    // A certificate of Microsoft's own publisher that nobody signed with.
    const [microsoft] = CHAINS.microsoft();
    expect(signersOf(signedBy([...CHAINS.maker(), microsoft!]))).toMatchObject([
      { name: 'Example, Inc.', microsoft: false },
    ]);
  });

  it('tells certificates of one number apart by who gave them out', () => {
    const maker = certificate(MAKER, MAKER, 0x21);
    const microsoft = certificate(MICROSOFT, AUTHORITY, 0x21);
    expect(signersOf(signedBy([maker, microsoft]))).toMatchObject([{ microsoft: false }]);
    expect(signersOf(signedBy([microsoft, maker]))).toMatchObject([{ microsoft: true }]);
  });

  it('takes no name of Microsoft that it did not give out itself', () => {
    const told = (subject: Subject, issuer: Subject): boolean =>
      signersOf(signedBy([certificate(subject, issuer, 5)]))![0]!.microsoft;
    expect(told(MICROSOFT, AUTHORITY)).toBe(true);
    expect(told([['OU', 'Microsoft Corporation'], MICROSOFT[1]!], AUTHORITY)).toBe(true);
    expect(told(MICROSOFT, MAKER)).toBe(false);
    expect(told([['O', 'Example, Inc.'], MICROSOFT[1]!], AUTHORITY)).toBe(false);
    expect(told([MICROSOFT[0]!, ['CN', 'Microsoft Code Signing PCA']], AUTHORITY)).toBe(false);
  });

  it('says nothing of a catalogue it cannot read', () => {
    const whole = catalogue();
    for (const bad of [Buffer.alloc(0), whole.subarray(0, 1000), whole.subarray(1)])
      expect(signersOf(bad)).toBeNull();
    const [maker, root] = CHAINS.maker();
    // Its own certificate is not there.
    expect(signersOf(signedBy([root!], 'sha256', [maker!]))).toBeNull();
    expect(signersOf(signedBy([maker!], 'sha256', []))).toBeNull();
  });
});

describe('what keeps Windows from installing a package by itself', () => {
  const told = (
    chain: 'microsoft' | 'maker' | 'cross-signed' | null,
    ntVersion: string,
    {
      architecture = 'amd64',
      software = null,
    }: { architecture?: 'amd64' | 'x86'; software?: Hive | null } = {},
    signature: 'sha1' | 'sha2' | 'none' = 'sha1',
  ): string | null => {
    const signers = chain === null ? null : signersOf(catalogue('sha1', chain));
    const signed = { signature, ...(signers === null ? {} : { signers }) };
    return installObstacle(signed, { ntVersion, architecture }, software);
  };
  const ASKED =
    'is signed by Example, Inc. and not by Microsoft, so Windows asks before it installs it, and nobody is there to answer at its first start';

  it('is nothing where Microsoft has signed, and a question where its maker has', () => {
    for (const version of ['5.1', '5.2', '6.0', '6.1', '6.3', '10.0']) {
      expect(told('microsoft', version), version).toBeNull();
      expect(told('maker', version), version).toBe(ASKED);
      expect(told('cross-signed', version, { architecture: 'x86' }), version).toBe(ASKED);
    }
  });

  it('is said of packages that nobody has signed, or nobody knows who', () => {
    expect(told(null, '6.3', {}, 'none')).toBe('has no catalogue, so nobody has signed it');
    expect(told(null, '6.3')).toBe('has a catalogue from which it cannot be read who signed it');
  });

  it('is a digest that this Windows does not know', () => {
    expect(told('microsoft', '6.1', {}, 'sha2')).toBe(
      'is signed by SHA-2, which this Windows cannot check without the update KB3033929 or KB4474419, of which its registry does not tell',
    );
    expect(told('microsoft', '6.2', {}, 'sha2')).toBeNull();
  });

  it('is nothing where the server trusts the maker already and its kernel does too', () => {
    const store = (root: string): Hive => {
      const { thumbprint } = signersOf(catalogue('sha1', 'maker'))![0]!;
      const other = signersOf(catalogue('sha1', 'cross-signed'))![0]!.thumbprint;
      expect(other).toBe(thumbprint);
      return openHive(
        hiveOf({ [`${root}\\SystemCertificates\\TrustedPublisher\\Certificates\\${thumbprint}`]: {} }),
      );
    };
    for (const root of ['Microsoft', 'Policies\\Microsoft']) {
      const software = store(root);
      expect(told('cross-signed', '6.3', { software })).toBeNull();
      // The kernel for x64 asks for more than Plug and Play.
      expect(told('maker', '6.3', { software })).toBe(ASKED);
      expect(told('maker', '6.1', { software, architecture: 'x86' })).toBeNull();
      expect(told('cross-signed', '10.0', { software })).toBe(ASKED);
      expect(told('cross-signed', '5.2', { software })).toBe(ASKED);
    }
    const stranger = openHive(
      hiveOf({ [`Microsoft\\SystemCertificates\\TrustedPublisher\\Certificates\\${'0'.repeat(40)}`]: {} }),
    );
    expect(told('cross-signed', '6.3', { software: stranger })).toBe(ASKED);
  });
});
