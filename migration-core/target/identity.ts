/** Names, UUIDs and MAC addresses of the new machine: all derived from what is known, so that the same job gives the same machine. */
import { createHash } from 'node:crypto';

/** Names that Windows keeps for devices, with whatever extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The start of every file name of a machine: safe on every system, in a shell and in a URL. */
export function fileStem(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
    .replace(/[-.]+$/, '');
  if (safe === '') return 'server';
  return RESERVED.test(safe) ? `vm-${safe}` : safe;
}

/** What is wrong with a machine name, as a sentence; null when nothing is. */
export function nameProblem(name: string): string | null {
  if (name.trim() === '') return 'The machine has no name.';
  if (name.length > 80) return `The machine name has ${name.length} characters; 80 is the most.`;
  // libvirt and VMware make file names of it; XML and .vmx have no way to write control characters.

  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(name) || !name.isWellFormed())
    return 'The machine name contains control characters.';
  if (name.startsWith('-'))
    return `The machine name "${name}" starts with a dash, which commands take for an option.`;
  if (/[/\\]/.test(name)) return `The machine name "${name}" contains a slash, which platforms refuse.`;
  return null;
}

const digest = (...parts: string[]): Buffer => createHash('sha256').update(parts.join('\0')).digest();

/** A UUID of version 8 (RFC 9562: contents our own) that is the same for the same source and name. */
export function machineUuid(source: string, name: string): string {
  const bytes = digest('ironlift machine uuid', source, name).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The hash a platform makes a MAC address of: the same for the same machine and place. */
export function macHash(uuid: string, place: string): Uint8Array {
  return digest('ironlift mac', uuid, place);
}

/** Lower case with colons, or null where the text is no MAC address. */
export function normalMac(text: string): string | null {
  const mac = text.trim().toLowerCase().replaceAll('-', ':');
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : null;
}

/** What is wrong with a (normal) MAC address for a network card, as the end of a sentence; null when nothing is. */
export function macProblem(mac: string): string | null {
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) !== 0)
    return 'is a multicast address, which no card can have';
  if (mac === '00:00:00:00:00:00') return 'is all zeros';
  return null;
}

/** 16 bytes that tell the image of disk `index` of a machine from every other disk. */
export function diskIdentity(machineUuid: string, index: number): Uint8Array {
  return createHash('sha256').update(`disk ${index} of ${machineUuid}`).digest().subarray(0, 16);
}
