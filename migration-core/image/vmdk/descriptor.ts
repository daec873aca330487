/** The text part of a VMDK: what kind of file it is, and what VMware keeps in its disk database. */

export interface DescriptorFacts {
  /** File name without folder. */
  name: string;
  /** Sectors of 512 bytes. */
  sectors: number;
  /** Content id: changes when the contents do; not ffffffff. */
  cid: number;
  adapter: 'scsi' | 'ide';
  /** monolithicSparse unless told. */
  type?: 'streamOptimized';
}

export function renderDescriptor({ name, sectors, cid, adapter, type }: DescriptorFacts): string {
  const { cylinders, heads, sectorsPerTrack } = geometry(sectors, adapter);
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${cid.toString(16).padStart(8, '0')}`,
    'parentCID=ffffffff',
    `createType="${type ?? 'monolithicSparse'}"`,
    '',
    '# Extent description',
    `${type === undefined ? 'RW' : 'RDONLY'} ${sectors} SPARSE "${name.replaceAll(/["\r\n]/gu, '_')}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "10"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectorsPerTrack}"`,
    // PVSCSI, SATA and NVMe disks say lsilogic too.
    `ddb.adapterType = "${adapter === 'ide' ? 'ide' : 'lsilogic'}"`,
    '',
  ].join('\n');
}

/** The geometry VMware gives a disk of so many sectors. */
export function geometry(
  sectors: number,
  adapter: 'scsi' | 'ide',
): { cylinders: number; heads: number; sectorsPerTrack: number } {
  const GIB = 2 ** 30 / 512;
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

/** The keys before the disk database, in lower case, without quotes: `createtype`, `parentcid` ... */
export function parseDescriptor(text: string): Map<string, string> {
  const keys = new Map<string, string>();
  for (const line of text.split(/\r?\n/u)) {
    const match = /^\s*([A-Za-z.]+)\s*=\s*"?([^"]*)"?\s*$/u.exec(line);
    if (match !== null) keys.set(match[1]!.toLowerCase(), match[2]!.trim());
  }
  return keys;
}
