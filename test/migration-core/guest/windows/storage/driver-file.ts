/** A driver file as far as boot loaders read it: PE headers and a table of the modules it imports. */

/** 64-bit unless told; one section, `.idata`, loaded at 0x1000. */
export function driverFile(imports: readonly string[], { wide = true } = {}): Uint8Array<ArrayBuffer> {
  const base = 0x1000;
  const start = 0x400;
  const thunk = wide ? 8 : 4;
  const table = (imports.length + 1) * 20;
  // Each module imports one function, by number: a list of one entry and its end.
  const lists = imports.length * 2 * thunk;
  const names = imports.map((name) => Buffer.from(`${name}\0`, 'latin1'));
  const section = Buffer.alloc(table + lists + names.reduce((sum, name) => sum + name.length, 0));
  let name = table + lists;
  imports.forEach((_, i) => {
    const list = table + i * 2 * thunk;
    section.writeUInt32LE(base + list, i * 20);
    section.writeUInt32LE(base + name, i * 20 + 12);
    section.writeUInt32LE(base + list, i * 20 + 16);
    section.writeUInt32LE(1, list);
    section.writeUInt32LE(0x80000000, list + thunk - 4);
    if (!wide) section.writeUInt32LE(0x80000001, list);
    section.set(names[i]!, name);
    name += names[i]!.length;
  });

  const file = Buffer.alloc(start + ((section.length + 0x1ff) & ~0x1ff));
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(0x80, 0x3c);
  file.write('PE\0\0', 0x80, 'latin1');
  file.writeUInt16LE(wide ? 0x8664 : 0x14c, 0x84);
  file.writeUInt16LE(1, 0x86);
  const optionalSize = wide ? 0xf0 : 0xe0;
  file.writeUInt16LE(optionalSize, 0x94);
  file.writeUInt16LE(0x22, 0x96);
  const optional = 0x98;
  file.writeUInt16LE(wide ? 0x20b : 0x10b, optional);
  file.writeUInt32LE(0x1000, optional + 32);
  file.writeUInt32LE(0x200, optional + 36);
  file.writeUInt32LE(0x3000, optional + 56);
  file.writeUInt32LE(start, optional + 60);
  file.writeUInt16LE(1, optional + 68);
  const directories = optional + (wide ? 112 : 96);
  file.writeUInt32LE(16, directories - 4);
  if (imports.length > 0) {
    file.writeUInt32LE(base, directories + 8);
    file.writeUInt32LE(table, directories + 12);
  }
  const header = optional + optionalSize;
  file.write('.idata\0\0', header, 'latin1');
  file.writeUInt32LE(section.length, header + 8);
  file.writeUInt32LE(base, header + 12);
  file.writeUInt32LE(file.length - start, header + 16);
  file.writeUInt32LE(start, header + 20);
  file.writeUInt32LE(0xc0000040, header + 36);
  file.set(section, start);
  return new Uint8Array(file);
}
