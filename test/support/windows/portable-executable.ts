/** Programs of Windows as far as inspection looks at them: the headers, and a version resource. */

const MACHINES = { x86: 0x14c, amd64: 0x8664, arm64: 0xaa64 } as const;

/** `originalName` as linkers write it into the version resource; `version` is `6.1.7601.17514`. */
export function portableExecutable(
  architecture: keyof typeof MACHINES,
  { originalName = '', version = '0.0.0.0' } = {},
): Uint8Array<ArrayBuffer> {
  const resource = versionResource(originalName, version);
  const file = Buffer.alloc(0x400 + resource.length);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(0x80, 0x3c);
  file.write('PE\0\0', 0x80, 'latin1');
  file.writeUInt16LE(MACHINES[architecture], 0x84);
  file.writeUInt16LE(1, 0x86);
  const optional = architecture === 'x86' ? 0xe0 : 0xf0;
  file.writeUInt16LE(optional, 0x94);
  file.writeUInt16LE(architecture === 'x86' ? 0x10b : 0x20b, 0x98);
  const section = 0x98 + optional;
  file.write('.rsrc\0\0\0', section, 'latin1');
  file.writeUInt32LE(resource.length, section + 8);
  file.writeUInt32LE(0x1000, section + 12);
  file.writeUInt32LE(resource.length, section + 16);
  file.writeUInt32LE(0x400, section + 20);
  file.set(resource, 0x400);
  return new Uint8Array(file);
}

/** VS_VERSIONINFO with one string table. A block: u16 length, u16 value length, u16 type, name, padding, value, blocks. */
function versionResource(originalName: string, version: string): Buffer {
  const [a = 0, b = 0, c = 0, d = 0] = version.split('.').map(Number);
  const fixed = Buffer.alloc(52);
  fixed.writeUInt32LE(0xfeef04bd, 0);
  fixed.writeUInt32LE(0x10000, 4);
  fixed.writeUInt32LE(a * 65536 + b, 8);
  fixed.writeUInt32LE(c * 65536 + d, 12);
  const wide = (value: string): Buffer => Buffer.from(`${value}\0`, 'utf16le');
  const strings = [
    block('FileVersion', wide(version), version.length + 1, 1, []),
    block('OriginalFilename', wide(originalName), originalName.length + 1, 1, []),
  ];
  const table = block('StringFileInfo', Buffer.alloc(0), 0, 1, [
    block('040904B0', Buffer.alloc(0), 0, 1, strings),
  ]);
  return block('VS_VERSION_INFO', fixed, fixed.length, 0, [table]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function block(name: string, value: Buffer, valueLength: number, type: number, below: Buffer[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(valueLength, 2);
  head.writeUInt16LE(type, 4);
  const parts = [padded(Buffer.concat([head, Buffer.from(`${name}\0`, 'utf16le')])), padded(value)];
  const whole = Buffer.concat([...parts, ...below.map(padded)]);
  whole.writeUInt16LE(whole.length, 0);
  return whole;
}
