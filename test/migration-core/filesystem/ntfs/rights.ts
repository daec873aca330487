/** Security descriptors for tests, made and shown without the driver's own code. */
import { writeFile } from 'node:fs/promises';
import { run } from '../../../support/tools.ts';

export const WHO = {
  SY: 'S-1-5-18',
  BA: 'S-1-5-32-544',
  BU: 'S-1-5-32-545',
  AU: 'S-1-5-11',
  WD: 'S-1-1-0',
  CO: 'S-1-3-0',
  CG: 'S-1-3-1',
  TI: 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
  ME: 'S-1-16-8192',
  HI: 'S-1-16-12288',
  USER: 'S-1-5-21-1-2-3-1001',
} as const;

type Name = keyof typeof WHO;

const TYPES: Record<string, number> = { A: 0, D: 1, AU: 2, ML: 0x11 };
const FLAGS: Record<string, number> = { OI: 1, CI: 2, NP: 4, IO: 8, ID: 0x10, SA: 0x40, FA: 0x80 };
const CONTROL: Record<string, number> = { P: 0x1000, AI: 0x400 };

const nameOf = <T>(table: Record<string, T>, value: T): string | undefined =>
  Object.entries(table).find(([, one]) => one === value)?.[0];

const pairs = (text: string): string[] => text.match(/../gu) ?? [];

function sid(name: string): Buffer {
  const [, , authority, ...parts] = (WHO[name as Name] as string).split('-').map(Number);
  const bytes = Buffer.alloc(8 + parts.length * 4);
  bytes[0] = 1;
  bytes[1] = parts.length;
  bytes[7] = authority!;
  for (const [i, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + i * 4);
  return bytes;
}

/** An entry as `type;flags;mask in hexadecimal;who`: `A;OICI;1f01ff;BA`. */
export function ace(text: string): Buffer {
  const [type, flags, mask, who] = text.split(';');
  const name = sid(who!);
  const bytes = Buffer.alloc(8 + name.length);
  bytes[0] = TYPES[type!]!;
  bytes[1] = pairs(flags!).reduce((sum, flag) => sum | FLAGS[flag]!, 0);
  bytes.writeUInt16LE(bytes.length, 2);
  bytes.writeUInt32LE(parseInt(mask!, 16), 4);
  name.copy(bytes, 8);
  return bytes;
}

function acl(entries: readonly Buffer[]): Buffer {
  const body = Buffer.concat(entries);
  const head = Buffer.alloc(8);
  head[0] = 2;
  head.writeUInt16LE(8 + body.length, 2);
  head.writeUInt16LE(entries.length, 4);
  return Buffer.concat([head, body]);
}

export interface Rights {
  owner?: string;
  group?: string;
  /** `P`, `AI`. */
  control?: string[];
  dacl: readonly (string | Buffer)[] | null;
  sacl?: readonly string[];
}

/** A self-relative descriptor: DACL first, SACL last, as none of the programs puts it. */
export function descriptor({ owner = 'SY', group = 'SY', control = ['AI'], dacl, sacl }: Rights): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 1;
  const parts: Buffer[] = [head];
  let end = head.length;
  let bits = control.reduce((sum, one) => sum | CONTROL[one]!, 0x8000);
  const put = (field: number, part: Buffer): void => {
    head.writeUInt32LE(end, field);
    parts.push(part);
    end += part.length;
  };
  if (dacl !== null) {
    bits |= 4;
    put(16, acl(dacl.map((one) => (typeof one === 'string' ? ace(one) : one))));
  }
  put(4, sid(owner));
  put(8, sid(group));
  if (sacl !== undefined) {
    bits |= 0x10;
    put(12, acl(sacl.map(ace)));
  }
  head.writeUInt16LE(bits, 2);
  return Buffer.concat(parts);
}

function shownSid(bytes: Buffer, at: number): string {
  const parts = Array.from({ length: bytes[at + 1]! }, (_, i) => bytes.readUInt32LE(at + 8 + i * 4));
  const text = ['S', bytes[at], bytes.readUIntBE(at + 2, 6), ...parts].join('-');
  return nameOf(WHO as Record<string, string>, text) ?? text;
}

function shownAcl(bytes: Buffer, at: number): string[] {
  const entries: string[] = [];
  let place = at + 8;
  for (let left = bytes.readUInt16LE(at + 4); left > 0; left--) {
    const flags = Object.entries(FLAGS).filter(([, bit]) => (bytes[place + 1]! & bit) !== 0);
    entries.push(
      [
        nameOf(TYPES, bytes[place]!) ?? bytes[place],
        flags.map(([flag]) => flag).join(''),
        bytes.readUInt32LE(place + 4).toString(16),
        shownSid(bytes, place + 8),
      ].join(';'),
    );
    place += bytes.readUInt16LE(place + 2);
  }
  return entries;
}

/** `O:BA G:SY`, the control bits, and the lists. */
export function shown(bytes: Buffer): string[] {
  const at = (field: number): number => bytes.readUInt32LE(field);
  const lines = [
    `O:${shownSid(bytes, at(4))} G:${shownSid(bytes, at(8))} ${bytes.readUInt16LE(2).toString(16)}`,
  ];
  if (at(12) !== 0) lines.push(...shownAcl(bytes, at(12)).map((one) => `S ${one}`));
  if (at(16) !== 0) lines.push(...shownAcl(bytes, at(16)));
  return lines;
}

const ATTRIBUTE = 'system.ntfs_acl';

/** Gives files of a mount their descriptors, many at a time. */
export async function setRights(mount: string, rights: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const dump = [...rights].map(
    ([path, bytes]) => `# file: ${path}\n${ATTRIBUTE}=0x${Buffer.from(bytes).toString('hex')}\n`,
  );
  const file = `${mount}.rights`;
  await writeFile(file, dump.join('\n'));
  await run('setfattr', [`--restore=${file}`], { cwd: mount });
}

/** Descriptors of files of a mount, as ntfs-3g gives them. */
export async function rightsOf(mount: string, paths: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < paths.length; at += 500) {
    const some = paths.slice(at, at + 500);
    const text = await run('getfattr', ['-h', '-e', 'hex', '-n', ATTRIBUTE, ...some], { cwd: mount });
    for (const block of text.split('\n\n')) {
      const match = /# file: (.+)\n.*=0x([0-9a-f]+)/u.exec(block);
      if (match !== null) found.set(match[1]!, Buffer.from(match[2]!, 'hex'));
    }
  }
  return found;
}
