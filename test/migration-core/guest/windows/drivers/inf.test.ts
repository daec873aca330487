/** INF files: what is text, what is meant, and which sections are for which Windows. */
import { describe, expect, it } from 'vitest';
import { signatureOf } from '../../../../../migration-core/guest/windows/drivers/inf/catalogue.ts';
import {
  decorationFits,
  installSection,
  modelsFor,
  parseDecoration,
  type TargetWindows,
} from '../../../../../migration-core/guest/windows/drivers/inf/models.ts';
import { packageOf } from '../../../../../migration-core/guest/windows/drivers/inf/package.ts';
import { parseInf, type Inf } from '../../../../../migration-core/guest/windows/drivers/inf/syntax.ts';
import { expandText, texts } from '../../../../../migration-core/registry/types.ts';
import { catalogue } from '../../../../support/catalogues.ts';
import { infText, packageFiles } from '../../../../support/driver-packages.ts';

const inf = (text: string): Inf => parseInf(Buffer.from(text, 'latin1'), 'test.inf');
const windows = (
  ntVersion: string,
  build: number,
  architecture: TargetWindows['architecture'] = 'amd64',
  server = true,
): TargetWindows => ({ ntVersion, build, architecture, server });

const XP = windows('5.1', 2600, 'x86', false);
const S2003 = windows('5.2', 3790, 'x86');
const S2008R2 = windows('6.1', 7601);
const S2012R2 = windows('6.3', 9600);
const S2016 = windows('10.0', 14393);
const S2022 = windows('10.0', 20348);
const W11 = windows('10.0', 22631, 'amd64', false);

describe('the text of an INF', () => {
  it('has comments, continued lines, quotes and strings', () => {
    const parsed = inf(
      [
        '; a comment',
        '[ Section One ]',
        'key = a, "b, c; d" ; comment',
        'long = one, \\ ; comment after the backslash',
        '   two, \\',
        '   three',
        '"quoted ""key""" = %Name%, %%literal%%, %12%\\x.sys, %missing%',
        'lonely, fields',
        '[section one]',
        'key = again',
        '[Strings]',
        'Name = "It is ""it"""',
        'NAME = "not this"',
      ].join('\n'),
    );
    expect(parsed.sections).toEqual(['Section One', 'Strings']);
    expect(parsed.value('SECTION ONE', 'KEY')).toEqual(['a', 'b, c; d']);
    expect(parsed.values('section one', 'key')).toEqual(['a', 'b, c; d', 'again']);
    expect(parsed.value('section one', 'long')).toEqual(['one', 'two', 'three']);
    expect(parsed.value('section one', 'quoted "key"')).toEqual([
      'It is "it"',
      '%literal%',
      '%12%\\x.sys',
      '%missing%',
    ]);
    expect(parsed.section('section one')).toContainEqual({ key: null, fields: ['lonely', 'fields'] });
  });

  it('takes strings of a language where there are none without, English first', () => {
    const parsed = inf(
      '[Strings.0407]\nA = "deutsch"\nB = "nur"\n[Strings.0409]\nA = "english"\n[Strings]\nC = "plain"',
    );
    expect([parsed.expand('%A%'), parsed.expand('%B%'), parsed.expand('%C%')]).toEqual([
      'english',
      'nur',
      'plain',
    ]);
  });

  it('is read in the encodings that INF files have', () => {
    const text = '[Strings]\r\nMaker = "Größe®"\r\n';
    const encodings: Uint8Array[] = [
      Buffer.from(text, 'latin1'),
      Buffer.from(text, 'utf8'),
      Buffer.from(`\ufeff${text}`, 'utf8'),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    ];
    for (const bytes of encodings) expect(parseInf(bytes, 'x.inf').expand('%maker%')).toBe('Größe®');
  });

  it('refuses what is none', () => {
    expect(() => parseInf(Buffer.alloc(5 << 20), 'big.inf')).toThrow(
      'big.inf cannot be used: it is larger than any INF file.',
    );
    expect(() => inf('no sections here')).toThrow('test.inf cannot be used: it has no sections.');
    expect(() => inf(`[a]\n${'x,'.repeat(5000)}`)).toThrow('one of its lines has too many fields');
    expect(() => inf(`[a]\n${'\n'.repeat(200_001)}`)).toThrow('more lines than any INF file');
  });
});

describe('the decoration of models', () => {
  it('is read as the documentation writes it', () => {
    expect(parseDecoration('NTamd64.10.0...17763')).toEqual({
      architecture: 'amd64',
      version: [10, 0, 17763],
      productType: null,
      suiteMask: null,
    });
    expect(parseDecoration('ntx86.5.1.3')).toMatchObject({ version: [5, 1, 0], productType: 3 });
    expect(parseDecoration('NTx86....0x80')).toMatchObject({ version: [0, 0, 0], suiteMask: 0x80 });
    for (const bad of ['', 'amd64', 'NTamd64.x', 'NT.1.2.3.4.5.6', 'NTamd64 .6', '9x'])
      expect(parseDecoration(bad), bad).toBeNull();
  });

  const fitting = (decoration: string, target: TargetWindows): boolean =>
    decorationFits(parseDecoration(decoration)!, target);

  it('fits the Windows it names and later ones, on its own architecture', () => {
    expect(fitting('NTamd64.6.1', S2008R2)).toBe(true);
    expect(fitting('NTamd64.6.1', S2022)).toBe(true);
    expect(fitting('NTamd64.6.2', S2008R2)).toBe(false);
    expect(fitting('NTx86', S2022)).toBe(false);
    expect(fitting('NTarm64', S2022)).toBe(false);
    expect(fitting('NT', S2022)).toBe(false);
    expect(fitting('NT.5.1', S2003)).toBe(true);
  });

  it('compares builds within one version only', () => {
    expect(fitting('NTamd64.10.0...17763', S2016)).toBe(false);
    expect(fitting('NTamd64.10.0...17763', S2022)).toBe(true);
    expect(fitting('NTamd64.6.1...99999', S2022)).toBe(true);
  });

  it('tells clients from servers', () => {
    expect(fitting('NTamd64.10.0.1', W11)).toBe(true);
    expect(fitting('NTamd64.10.0.1', S2022)).toBe(false);
    expect(fitting('NTamd64.10.0.3', S2022)).toBe(true);
    expect(fitting('NTamd64.10.0.3', W11)).toBe(false);
    expect(fitting('NTamd64....0x80', S2022)).toBe(false);
  });

  const chosen = (manufacturer: string, sections: string[], target: TargetWindows): string[] =>
    modelsFor(
      inf(`[Manufacturer]\n%X% = ${manufacturer}\n${sections.map((name) => `[${name}]\n`).join('')}`),
      target,
    ).map(({ section }) => section);

  it('chooses the highest version that is not too high', () => {
    const all = 'M,NTamd64.6.1,NTamd64.10.0...20348,NTamd64.10.0,NTx86.5.1';
    const sections = ['M', 'M.NTamd64.6.1', 'M.NTamd64.10.0...20348', 'M.NTamd64.10.0', 'M.NTx86.5.1'];
    const versions = [XP, S2003, S2008R2, S2012R2, S2016, S2022, W11];
    expect(versions.map((target) => chosen(all, sections, target)[0])).toEqual([
      'M.NTx86.5.1',
      'M.NTx86.5.1',
      'M.NTamd64.6.1',
      'M.NTamd64.6.1',
      'M.NTamd64.10.0',
      'M.NTamd64.10.0...20348',
      'M.NTamd64.10.0...20348',
    ]);
  });

  it('puts the version before product and suite, as the example of the documentation does', () => {
    const sections = ['FooMfg.NT', 'FooMfg.NT.5', 'FooMfg.NT.5.5', 'FooMfg.NT....0x80'];
    expect(chosen('FooMfg, NT, NT.5, NT.5.5, NT....0x80', sections, XP)).toEqual(['FooMfg.NT.5']);
    const both = ['M.NTamd64.10.0', 'M.NTamd64.10.0.3'];
    expect(chosen('M,NTamd64.10.0,NTamd64.10.0.3', both, S2022)).toEqual(['M.NTamd64.10.0.3']);
    expect(chosen('M,NTamd64.10.0,NTamd64.10.0.3', both, W11)).toEqual(['M.NTamd64.10.0']);
  });

  it('takes models without decoration for x86 only, and empty sections as a refusal', () => {
    expect(chosen('M', ['M'], XP)).toEqual(['M']);
    expect(chosen('M', ['M'], S2022)).toEqual([]);
    expect(chosen('M,NTamd64', ['M', 'M.NTamd64'], XP)).toEqual(['M']);
    expect(chosen('M,NTx86.5.1,NTx86.6.0', ['M.NTx86.5.1'], windows('6.0', 6002, 'x86'))).toEqual([]);
  });
});

it('chooses the install section of the platform', () => {
  const parsed = inf('[i]\n[i.NT]\n[i.NTamd64]\n[j]\n[j.nt]\n[k]\n');
  expect(installSection(parsed, 'i', 'amd64')).toBe('i.NTamd64');
  expect(installSection(parsed, 'i', 'x86')).toBe('i.NT');
  expect(installSection(parsed, 'j', 'amd64')).toBe('j.NT');
  expect(installSection(parsed, 'k', 'arm64')).toBe('k');
  expect(installSection(parsed, 'l', 'amd64')).toBeNull();
});

describe('a package', () => {
  it('is all that the INF says', () => {
    const text = infText({ name: 'viostor', architecture: 'amd64', decoration: '.10.0' });
    const found = packageOf(inf(text), S2022)!;
    expect(found).toMatchObject({
      provider: 'Example, Inc.',
      className: 'SCSIAdapter',
      classGuid: '{4D36E97B-E325-11CE-BFC1-08002BE10318}',
      date: '2024-07-28',
      version: '100.95.104.26200',
      catalogue: 'viostor.cat',
      copies: [{ name: 'viostor.sys', destination: 'drivers', path: 'viostor.sys' }],
      problems: [],
    });
    const service = {
      name: 'viostor',
      displayName: 'Example VirtIO SCSI controller',
      type: 1,
      start: 0,
      errorControl: 1,
      group: 'SCSI miniport',
      binary: 'viostor.sys',
      values: [
        { key: 'Parameters\\PnpInterface', name: '5', type: 4, data: Buffer.from([1, 0, 0, 0]) },
        { key: 'Parameters', name: 'BusType', type: 4, data: Buffer.from([1, 0, 0, 0]) },
      ],
    };
    expect(found.devices).toEqual([
      {
        description: 'Example VirtIO SCSI controller',
        hardwareIds: ['PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00'],
        compatibleIds: ['PCI\\VEN_1AF4&DEV_1001'],
        service,
      },
      {
        description: 'Example VirtIO SCSI controller',
        hardwareIds: ['PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01'],
        compatibleIds: ['PCI\\VEN_1AF4&DEV_1042'],
        service,
      },
    ]);
    expect(packageOf(inf(text), S2012R2)).toBeNull();
  });

  it('says the same in every encoding', () => {
    const all = (['ansi', 'utf-8', 'utf-16le'] as const).map((encoding) => {
      const files = packageFiles({ name: 'netkvm', architecture: 'x86', decoration: '.5.1', encoding });
      return packageOf(parseInf(files['netkvm.inf']!, 'netkvm.inf'), XP);
    });
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    expect(all[0]?.devices).toHaveLength(2);
  });

  const rest = (sections: string): string =>
    `[Version]\nCatalogFile=a.cat\nCatalogFile.NTamd64=b.cat\nDriverVer=1/2/2020,1.2.3.4\n[Manufacturer]\nm=M,NTamd64\n[M.NTamd64]\nd=i,PCI\\X\n${sections}`;

  it('copies files from the folders of its source to where DirIDs say', () => {
    const found = packageOf(
      inf(
        rest(
          [
            '[i]\nCopyFiles=l1,@flat.dll,l2,l3,l4',
            '[l1]\ndest.sys,source.sys,,2',
            '[l2]\ncommon.dll',
            '[l3]\nstore.bin',
            '[l4]\nother.bin',
            '[DestinationDirs]\nl1=10,System32\\Drivers\nl2=11\nl3=13\nl4=12,UMDF\nDefaultDestDir=17',
            '[SourceDisksNames]\n1=d,,,\n[SourceDisksNames.amd64]\n1=d,,,\\x64',
            '[SourceDisksFiles]\nsource.sys=1,sub\ncommon.dll=1\n[SourceDisksFiles.amd64]\ncommon.dll=1,own',
          ].join('\n'),
        ),
      ),
      S2022,
    )!;
    expect(found.catalogue).toBe('b.cat');
    expect(found.date).toBe('2020-01-02');
    expect(found.copies).toEqual([
      { name: 'dest.sys', destination: 'drivers', path: 'x64/sub/source.sys' },
      { name: 'flat.dll', destination: 'other', path: 'flat.dll' },
      { name: 'common.dll', destination: 'system32', path: 'x64/own/common.dll' },
      { name: 'store.bin', destination: 'store', path: 'store.bin' },
      { name: 'other.bin', destination: 'other', path: 'other.bin' },
    ]);
  });

  it('lets no name lead out of its folder', () => {
    const found = packageOf(
      inf(
        rest(
          '[i]\nCopyFiles=@..\\..\\evil.sys,@con:x,l\n[l]\nok.sys,"..\\up.sys"\nfine.sys\n[SourceDisksFiles]\nfine.sys=1,..\\..\\etc\n[i.Services]\nAddService=s,2,t\n[t]\nServiceBinary=%12%\\..\n',
        ),
      ),
      S2022,
    )!;
    expect(found.copies).toEqual([]);
    expect(found.problems).toEqual([
      'it copies a file by a name that leads elsewhere (..\\..\\evil.sys)',
      'it copies a file by a name that leads elsewhere (con:x)',
      'it copies a file by a name that leads elsewhere (ok.sys)',
      'it copies a file by a name that leads elsewhere (fine.sys)',
    ]);
    expect(found.devices[0]?.service).toBeNull();
  });

  it('keeps values of every type, and binds no service where the INF says so', () => {
    const found = packageOf(
      inf(
        rest(
          [
            '[i.NTamd64]\nInclude=machine.inf\nNeeds=PCI',
            '[i.NTamd64.Services]\nAddService=helper,,h\nAddService=s,%TWO%,t',
            '[t]\nServiceBinary=%13%\\s.sys\nAddReg=v',
            '[v]',
            'HKR,P,sz,,"text, with comma"',
            'HKR,P,multi,0x10000,one,two',
            'HKR,P,expand,0x20000,"%%SystemRoot%%\\x"',
            'HKR,P,bytes,1,de,0xad,BE,ef',
            'HKR,P,dword,0x10001,4294967295',
            'HKR,P,dwordbytes,0x10001,1,2,3,4',
            'HKR,P,qword,0xb0001,1,0,0,0,0,0,0,0',
            'HKR,P,gone,4,x',
            'HKR,OnlyKey,,0x10',
            'HKLM,Software,x,,y',
            'HKR,P,bad,0x10001,zz',
            '[Strings]\nTWO=0x2',
          ].join('\n'),
        ),
      ),
      S2022,
    )!;
    const values = found.devices[0]!.service!.values.map(({ name, type, data }) => [
      name,
      type,
      Buffer.from(data).toString('hex'),
    ]);
    expect(values).toEqual([
      ['sz', 1, Buffer.from('text, with comma\0', 'utf16le').toString('hex')],
      ['multi', 7, Buffer.from(texts(['one', 'two'])[1]).toString('hex')],
      ['expand', 2, Buffer.from(expandText('%SystemRoot%\\x')[1]).toString('hex')],
      ['bytes', 3, 'deadbeef'],
      ['dword', 4, 'ffffffff'],
      ['dwordbytes', 4, '01020304'],
      ['qword', 11, '0100000000000000'],
    ]);
    expect(found.problems).toEqual(['it needs machine.inf, which comes with Windows']);
    expect(found.devices[0]!.service).toMatchObject({ name: 's', binary: 's.sys', start: 3, type: 1 });
    const none = packageOf(inf(rest('[i]\n[i.Services]\nAddService=,2\n')), S2022)!;
    expect(none.devices[0]?.service).toBeNull();
  });
});

it('tells the digest of a catalogue', () => {
  expect(signatureOf(catalogue('sha1'))).toBe('sha1');
  expect(signatureOf(catalogue('sha256'))).toBe('sha2');
  expect(signatureOf(catalogue('sha256').subarray(0, 200))).toBe('sha2');
  for (const bad of ['', '30', '3080', '3084ffffffff', '300306052b0e', 'ffffffffffff'])
    expect(signatureOf(Buffer.from(bad, 'hex')), bad).toBe('unknown');
});
