/** A CD image of a few sectors, made by hand: main directory, one folder, three files. */
const SECTOR = 2048;

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

function record(
  name: Buffer,
  block: number,
  size: number,
  directory: boolean,
  systemUse: Buffer = Buffer.alloc(0),
): Buffer {
  const nameEnd = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const bytes = Buffer.alloc(nameEnd + systemUse.length + (systemUse.length % 2));
  bytes[0] = bytes.length;
  both32(block).copy(bytes, 2);
  both32(size).copy(bytes, 10);
  bytes.set([124, 7, 28, 1, 2, 3, 0], 18);
  bytes[25] = directory ? 2 : 0;
  bytes[28] = 1;
  bytes[32] = name.length;
  name.copy(bytes, 33);
  systemUse.copy(bytes, nameEnd);
  return bytes;
}

function rockRidge(name: string): Buffer {
  const text = Buffer.from(name, 'utf8');
  return Buffer.concat([Buffer.from('NM', 'latin1'), Buffer.from([5 + text.length, 1, 0]), text]);
}

function directory(entries: Buffer[], self: number, parent: number, sp: Buffer): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  const dot = record(Buffer.from([0]), self, SECTOR, true, sp);
  Buffer.concat([dot, record(Buffer.from([1]), parent, SECTOR, true), ...entries]).copy(bytes);
  return bytes;
}

function descriptor(type: number, root: number, blocks: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes[0] = type;
  bytes.write('CD001', 1, 'latin1');
  bytes[6] = 1;
  bytes.write('LABEL'.padEnd(32), 40, 'latin1');
  if (type === 2) bytes.write('%/E', 88, 'latin1');
  both32(blocks).copy(bytes, 80);
  bytes.writeUInt16LE(SECTOR, 128);
  record(Buffer.from([0]), root, SECTOR, true).copy(bytes, 156);
  return bytes;
}

export function smallIso(names: 'rock-ridge' | 'joliet' | 'iso9660'): Buffer {
  const BLOCKS = 26;
  const joliet = (name: string): Buffer => Buffer.from(name, 'utf16le').swap16();
  const plain = (name: string): Buffer => Buffer.from(name, 'latin1');
  const tree = (spell: (name: string) => Buffer, root: number, folder: number, extra: boolean): Buffer[] => {
    const more = (name: string): Buffer => (extra ? rockRidge(name) : Buffer.alloc(0));
    // SP says that Rock Ridge is spoken; nothing stands before its fields.
    const sp = extra ? Buffer.from('53500701beef00', 'hex') : Buffer.alloc(0);
    return [
      directory(
        [
          record(spell('A.INF;1'), 23, 30, false, more('a.inf')),
          record(spell('FOLDER'), folder, SECTOR, true, more('Folder')),
        ],
        root,
        root,
        sp,
      ),
      directory(
        [
          record(spell('B.INF;1'), 24, 40, false, more('b.inf')),
          record(spell('B.SYS;1'), 25, 2048, false, more('b.sys')),
        ],
        folder,
        root,
        Buffer.alloc(0),
      ),
    ];
  };
  const sectors: Buffer[] = Array.from({ length: BLOCKS }, () => Buffer.alloc(SECTOR));
  sectors[16] = descriptor(1, 19, BLOCKS);
  sectors[17] = names === 'joliet' ? descriptor(2, 21, BLOCKS) : descriptor(255, 0, 0);
  sectors[18] = descriptor(255, 0, 0);
  [sectors[19], sectors[20]] = tree(plain, 19, 20, names === 'rock-ridge') as [Buffer, Buffer];
  if (names === 'joliet') [sectors[21], sectors[22]] = tree(joliet, 21, 22, false) as [Buffer, Buffer];
  sectors[23]!.write('[Version]\nClass=Net\n[Strings]\n', 'latin1');
  sectors[24]!.write('[Version]\nClass=SCSIAdapter\n[Strings]\n'.padEnd(40), 'latin1');
  return Buffer.concat(sectors);
}
