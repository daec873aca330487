/**
 * Which other modules a driver file needs: the import table of a PE image. The boot loader loads them with the driver, and stops
 * where one is missing. Source: Microsoft's PE format specification.
 */
import { latin1, viewOf } from '../../../base/bytes.ts';

const DOS_MAGIC = 0x5a4d;
const PE_SIGNATURE = 0x4550;
const PE32 = 0x10b;
const PE32_PLUS = 0x20b;
/** Where the optional header has its data directories, and which of them is the import table. */
const DIRECTORIES: Record<number, number> = { [PE32]: 96, [PE32_PLUS]: 112 };
const IMPORTS = 1;
const FILE_HEADER = 24;
const SECTION_HEADER = 40;
const IMPORT_DESCRIPTOR = 20;
/** The Windows loader takes 96 sections at most. */
const MOST_SECTIONS = 96;
/** Drivers import from a handful of modules. */
const MOST_IMPORTS = 256;
const LONGEST_NAME = 255;

/** Names of the modules, as written; null for what is no PE image or is cut short. */
export function importedModules(file: Uint8Array): string[] | null {
  try {
    return readImports(file);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readImports(file: Uint8Array): string[] | null {
  const view = viewOf(file);
  if (view.getUint16(0, true) !== DOS_MAGIC) return null;
  const header = view.getUint32(60, true);
  if (view.getUint32(header, true) !== PE_SIGNATURE) return null;
  const sections = view.getUint16(header + 6, true);
  const optional = header + FILE_HEADER;
  const directories = DIRECTORIES[view.getUint16(optional, true)];
  if (directories === undefined || sections > MOST_SECTIONS) return null;
  if (view.getUint32(optional + directories - 4, true) <= IMPORTS) return [];
  const table = view.getUint32(optional + directories + IMPORTS * 8, true);
  if (table === 0) return [];
  const firstSection = optional + view.getUint16(header + 20, true);

  /** Where in the file lies what is loaded at a relative virtual address. */
  const place = (address: number): number => {
    for (let i = 0; i < sections; i++) {
      const at = firstSection + i * SECTION_HEADER;
      const start = view.getUint32(at + 12, true);
      const size = Math.max(view.getUint32(at + 8, true), view.getUint32(at + 16, true));
      if (address >= start && address < start + size)
        return view.getUint32(at + 20, true) + (address - start);
    }
    throw new RangeError('an address outside of all sections');
  };

  const names: string[] = [];
  for (let i = 0; i < MOST_IMPORTS; i++) {
    const at = place(table + i * IMPORT_DESCRIPTOR);
    const name = view.getUint32(at + 12, true);
    if (name === 0) return names;
    const from = place(name);
    if (from >= file.length) return null;
    names.push(latin1(file, from, Math.min(LONGEST_NAME, file.length - from)));
  }
  return null;
}
