/** The text part of a VMDK, written. */
import { crc32 } from 'node:zlib';
import { SECTOR } from './layout.ts';

export interface DescriptorExtent {
  /** RW unless told; streams are not written any more once they are there. */
  access?: 'RDONLY';
  /** Sectors of 512 bytes. */
  sectors: number;
  type: 'SPARSE' | 'FLAT' | 'VMFS';
  /** File name without folder, quotable. */
  name: string;
}

export interface DescriptorFacts {
  createType: string;
  extents: readonly DescriptorExtent[];
  /** Content id: changes when the contents do; not ffffffff. */
  cid: number;
  adapter: 'scsi' | 'ide';
  /** What the disk has to itself, 16 bytes. */
  identity: Uint8Array;
  /** ESXi: blocks of the volume are taken as they are needed. */
  thin?: boolean;
}

/** A file name that can stand between quotes on a line. */
export const quotable = (name: string): string => name.replaceAll(/["\r\n]/gu, '_');

export function renderDescriptor(facts: DescriptorFacts): string {
  const { createType, extents, cid } = facts;
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${cid.toString(16).padStart(8, '0')}`,
    'parentCID=ffffffff',
    'isNativeSnapshot="no"',
    `createType="${createType}"`,
    '',
    '# Extent description',
    ...extents.map(
      ({ access = 'RW', sectors, type, name }) =>
        `${access} ${sectors} ${type} "${name}"${type === 'FLAT' ? ' 0' : ''}`,
    ),
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    ...database(facts).map(([key, value]) => `ddb.${key} = "${value}"`),
    '',
  ].join('\n');
}

/** In the order of the alphabet, as ESXi writes it. */
function database({
  extents,
  cid,
  adapter,
  identity,
  thin,
}: DescriptorFacts): [key: string, value: string][] {
  const sectors = extents.reduce((sum, extent) => sum + extent.sectors, 0);
  const { cylinders, heads, sectorsPerTrack } = geometry(sectors, adapter);
  const hex = Buffer.from(identity).toString('hex');
  return [
    // PVSCSI, SATA and NVMe disks say lsilogic too.
    ['adapterType', adapter === 'ide' ? 'ide' : 'lsilogic'],
    ['geometry.cylinders', String(cylinders)],
    ['geometry.heads', String(heads)],
    ['geometry.sectors', String(sectorsPerTrack)],
    // Its last 8 digits are the CID.
    ['longContentID', `${hex.slice(0, 24)}${cid.toString(16).padStart(8, '0')}`],
    ...(thin === true ? ([['thinProvisioned', '1']] satisfies [string, string][]) : []),
    ['uuid', diskUuid(identity)],
    ['virtualHWVersion', '10'],
  ];
}

/** 16 bytes in hex with a dash in the middle; the first 28 bits are VMware's own for disks. */
function diskUuid(identity: Uint8Array): string {
  const bytes = Buffer.from(identity);
  bytes.set([0x60, 0x00, 0xc2, 0x90 | (bytes[3]! & 15)]);
  const pairs = bytes.toString('hex').match(/../gu)!;
  return `${pairs.slice(0, 8).join(' ')}-${pairs.slice(8).join(' ')}`;
}

/** A content id; `contents`: a checksum of anything that differs when the data does. */
export const contentIdOf = (identity: Uint8Array, contents: number): number =>
  (crc32(identity, contents) & 0x7fffffff) >>> 0;

/** The geometry VMware gives a disk of so many sectors. */
export function geometry(
  sectors: number,
  adapter: 'scsi' | 'ide',
): { cylinders: number; heads: number; sectorsPerTrack: number } {
  const GIB = 2 ** 30 / SECTOR;
  let heads = 255;
  let sectorsPerTrack = 63;
  if (adapter === 'ide') heads = 16;
  else if (sectors < 2 * GIB) {
    heads = sectors < GIB ? 64 : 128;
    sectorsPerTrack = 32;
  }
  const cylinders = Math.max(1, Math.floor(sectors / (heads * sectorsPerTrack)));
  return { cylinders: adapter === 'ide' ? Math.min(16383, cylinders) : cylinders, heads, sectorsPerTrack };
}
