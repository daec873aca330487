import { describe, expect, it } from 'vitest';
import {
  isDescriptor,
  MOST_EXTENTS,
  parseDescriptor,
} from '../../../migration-core/image/vmdk/descriptor.ts';
import { geometry, renderDescriptor } from '../../../migration-core/image/vmdk/descriptor-text.ts';
import { descriptorOf } from '../../../migration-core/image/vmdk/names.ts';

const parse = (...lines: string[]) => parseDescriptor('d.vmdk', Buffer.from(lines.join('\n')));

describe('descriptors of VMDK', () => {
  it.each([
    ['# Disk DescriptorFile\nversion=1\n', true],
    ['# Disk DescriptorFile\r\nversion=3\r\n', true],
    ['\u00ef\u00bb\u00bf# disk descriptorfile\n', true],
    ['#\n# made by hand\n\n  \nversion=1\nCID=1', true],
    ['version = "2"\n', true],
    ['#!/bin/sh\necho version=1\n', false],
    ['# notes\nversion=10\n', false],
    ['#\n'.repeat(3000), false],
    ['KDMV', false],
    ['', false],
  ])('%j: %s', (text, is) => {
    expect(isDescriptor(Buffer.from(text, 'latin1'))).toBe(is);
  });

  it('give keys, whatever their case and quotes, and extents in their order', () => {
    const { keys, extents } = parse(
      'createtype="vmfs"',
      'CID = fffffffe',
      '# RW 1 ZERO',
      'RW 100 VMFS "a "b" 1-flat.vmdk"',
      'rdonly 7 flat "x" 9 partitionUUID 0a',
      'NOACCESS 3 ZERO',
      'ddb.adapterType = "pvscsi"',
      'ddb.comment = "RW = x"',
      'RW = not an extent',
      'no key at all',
    );
    expect(keys.get('createtype')).toBe('vmfs');
    expect(keys.get('cid')).toBe('fffffffe');
    expect(keys.get('ddb.adaptertype')).toBe('pvscsi');
    expect(extents).toEqual([
      { access: 'RW', sectors: 100, type: 'VMFS', name: 'a "b" 1-flat.vmdk', offset: null },
      { access: 'RDONLY', sectors: 7, type: 'FLAT', name: 'x', offset: 9 },
      { access: 'NOACCESS', sectors: 3, type: 'ZERO', name: null, offset: null },
    ]);
  });

  it('end at the first NUL and may be in the encoding they name', () => {
    const text = Buffer.concat([
      Buffer.from('encoding="GBK"\nRW 1 FLAT "'),
      Buffer.from([0xb4, 0xc5, 0xc5, 0xcc]),
      Buffer.from('-flat.vmdk" 0\n\0RW 1 ZERO\n'),
    ]);
    const { extents } = parseDescriptor('d.vmdk', text);
    expect(extents.map(({ name }) => name)).toEqual(['磁盘-flat.vmdk']);
  });

  it('of more than a disk can have are refused', () => {
    expect(parse(...Array<string>(MOST_EXTENTS).fill('RW 1 ZERO')).extents).toHaveLength(MOST_EXTENTS);
    expect(() => parse(...Array<string>(MOST_EXTENTS + 1).fill('RW 1 ZERO'))).toThrow('bounds');
    expect(() => parse('RW 999999999999999 ZERO')).toThrow('bounds');
    expect(() => parse('RW 1 FLAT a')).toThrow('line 1');
  });

  it('that are written can be read', () => {
    const text = renderDescriptor({
      createType: 'twoGbMaxExtentFlat',
      extents: [
        { sectors: 4192256, type: 'FLAT', name: 'web 01-f001.vmdk' },
        { sectors: 8, type: 'FLAT', name: 'web 01-f002.vmdk' },
      ],
      cid: 0xabc,
      adapter: 'ide',
      identity: new Uint8Array(16).fill(0xef),
    });
    expect(isDescriptor(Buffer.from(text))).toBe(true);
    const { keys, extents } = parse(text);
    expect(keys.get('cid')).toBe('00000abc');
    expect(keys.get('ddb.longcontentid')).toBe(`${'ef'.repeat(12)}00000abc`);
    expect(keys.get('ddb.uuid')).toBe('60 00 C2 9f ef ef ef ef-ef ef ef ef ef ef ef ef'.toLowerCase());
    expect(extents.map(({ name, offset }) => [name, offset])).toEqual([
      ['web 01-f001.vmdk', 0],
      ['web 01-f002.vmdk', 0],
    ]);
  });

  it('have the geometry VMware gives', () => {
    expect(geometry(4096, 'scsi')).toEqual({ cylinders: 2, heads: 64, sectorsPerTrack: 32 });
    expect(geometry(33554432, 'scsi')).toEqual({ cylinders: 2088, heads: 255, sectorsPerTrack: 63 });
    expect(geometry(2 ** 33, 'ide')).toEqual({ cylinders: 16383, heads: 16, sectorsPerTrack: 63 });
  });

  it.each([
    ['web-flat.vmdk', 'web.vmdk'],
    ['web-s001.vmdk', 'web.vmdk'],
    ['web-F1024.VMDK', 'web.vmdk'],
    ['web-000001-delta.vmdk', 'web-000001.vmdk'],
    ['web-000002-sesparse.vmdk', 'web-000002.vmdk'],
    ['web-000001-s003.vmdk', 'web-000001.vmdk'],
    ['web.vmdk', null],
    ['flat.vmdk', null],
    ['web-flat.img', null],
  ])('of the part %s: %s', (part, descriptor) => {
    expect(descriptorOf(part)).toBe(descriptor);
  });
});
