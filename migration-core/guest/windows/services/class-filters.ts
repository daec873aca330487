/**
 * Filters of whole device classes. Plug and Play starts no device of a class while one of the filters named for it cannot be
 * loaded: a name left over in the class of disks or volumes is a stop 0x7B, in that of keyboards a machine nobody can log on to.
 * The lists are read as the fixers before have left the hive, so that a filter that was switched off loses its place as well.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import { REG, readTexts, texts } from '../../../registry/types.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit, GuestReader } from '../../fixer.ts';
import type { WindowsFacts } from '../facts.ts';
import { windowsPath } from '../inspect/services.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';
import { windowsCatalogue } from './catalogue.ts';
import { DISABLED, imageOf, startOf, unlessDamaged } from './service-keys.ts';

/** What must start before Windows has its disks, and before somebody can log on. GUIDs as in Windows' own INF files. */
const CLASSES: readonly { guid: string; name: string }[] = [
  { guid: '{4D36E967-E325-11CE-BFC1-08002BE10318}', name: 'disks' },
  { guid: '{71A27CDD-812A-11D0-BEC7-08002BE2092F}', name: 'volumes' },
  { guid: '{4D36E97B-E325-11CE-BFC1-08002BE10318}', name: 'SCSI and RAID controllers' },
  { guid: '{4D36E96A-E325-11CE-BFC1-08002BE10318}', name: 'IDE and SATA controllers' },
  { guid: '{4D36E97D-E325-11CE-BFC1-08002BE10318}', name: 'system devices' },
  { guid: '{4D36E965-E325-11CE-BFC1-08002BE10318}', name: 'CD and DVD drives' },
  { guid: '{4D36E96B-E325-11CE-BFC1-08002BE10318}', name: 'keyboards' },
  { guid: '{4D36E96F-E325-11CE-BFC1-08002BE10318}', name: 'mice' },
];

/** Filters that make the class what it is: without them there are no partitions, no snapshots, no keys. In small letters. */
const OF_WINDOWS = new Set(['partmgr', 'volsnap', 'kbdclass', 'mouclass', 'fvevol']);

/** Start of a driver that is loaded together with the kernel: one that encrypts disks is there before them. */
const BOOT = 0;

/** No class of a server has more; what is longer is not a list of filters. */
const MOST_FILTERS = 64;

const POSITIONS = ['UpperFilters', 'LowerFilters'] as const;

export const classFilters: Fixer = {
  id: 'windows-class-filters',
  title: 'Filters of storage devices',
  applies: ({ guest }) => guest.windows !== undefined,
  plan,
};

/** One list of one control set. */
interface Place {
  /** Of the value: the class' key. */
  key: string;
  names: string[];
}

async function plan({ guest, files, hives }: FixContext, signal?: AbortSignal): Promise<FixPlan> {
  const windows = guest.windows!;
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];
  const encrypting = new Set(
    windows.services.filter(({ start }) => start === BOOT).flatMap(({ name }) => encryptionOf(name) ?? []),
  );
  for (const { guid, name } of CLASSES)
    for (const position of POSITIONS) {
      throwIfCancelled(signal);
      /** Filters that go, by their names in small letters, with the lists in which they cannot be loaded. */
      const going = new Map<string, { filter: string; reason: string; places: Place[] }>();
      for (const controlSet of windows.controlSets) {
        const what = `the list of filters of ${name}`;
        const place = unlessDamaged(findings, what, null, () =>
          readPlace(system, controlSet, guid, position),
        );
        if (place === null) continue;
        for (const filter of new Set(place.names)) {
          const cannot = await whyItCannotLoad(windows, system, files, controlSet, filter, findings);
          const product = encryptionOf(filter);
          if (cannot === null && product !== undefined) encrypting.add(product);
          if (cannot === null) continue;
          if (OF_WINDOWS.has(filter.toLowerCase())) {
            addOnce(findings, ownFilterMissing(filter, name, cannot));
            continue;
          }
          const entry = going.get(filter.toLowerCase()) ?? { filter, reason: cannot, places: [] };
          going.set(filter.toLowerCase(), { ...entry, places: [...entry.places, place] });
        }
      }
      for (const [lower, { filter, reason, places }] of going) {
        const changes = [...new Set(places)].map((place) => {
          place.names = place.names.filter((one) => one.toLowerCase() !== lower);
          return listChange(place, position);
        });
        edits.push({
          what: `The filter ${filter} is taken out of the list of filters of all ${name} (${position}).`,
          why: `${reason}; Windows starts no device of a class while one of its filters cannot be loaded.`,
          action: { kind: 'registry', path, changes },
        });
      }
    }
  for (const product of encrypting) findings.push(encrypted(product));
  return { edits, findings };
}

/** Null where the class has no such list. */
function readPlace(
  system: Hive,
  controlSet: number,
  guid: string,
  position: (typeof POSITIONS)[number],
): Place | null {
  const key = `${controlSetKey(controlSet)}\\Control\\Class\\${guid}`;
  const value = system.find(key)?.value(position);
  // Windows takes a list of strings only; REG_SZ and others are no filters to it.
  if (value === undefined || value.type !== REG.MULTI_SZ) return null;
  const names = readTexts(value)!;
  return names.length === 0 || names.length > MOST_FILTERS ? null : { key, names };
}

/**
 * The list without a name. An empty list is taken away, so that the class looks like one that never had a filter. Windows bears an
 * empty one, too: in a hive of Windows 7 an uninstaller left one in the class of USB controllers.
 */
function listChange({ key, names }: Place, position: string): RegistryChange {
  if (names.length === 0) return { op: 'delete-value', key, name: position };
  return setValue(key, position, texts(names));
}

/** One clause, or null for a filter that Windows can load as far as one can see. */
async function whyItCannotLoad(
  windows: WindowsFacts,
  system: Hive,
  files: GuestReader,
  controlSet: number,
  name: string,
  findings: Finding[],
): Promise<string | null> {
  const known = unlessDamaged(findings, `the driver ${name}`, null, () => ({
    start: startOf(system, controlSet, name),
    image: imageOf(system, controlSet, name),
  }));
  if (known === null) return null;
  if (known.start === undefined) return `There is no driver of that name on the server`;
  if (known.start === DISABLED) return 'Its driver is switched off';
  // Without an ImagePath Windows looks in System32\drivers; what lies on another drive cannot be judged.
  const image = known.image === '' ? `System32\\drivers\\${name}.sys` : known.image;
  const file = windowsPath(image, windows);
  if (file !== null && !file.startsWith('/:') && !(await files.exists(file)))
    return `The file of its driver is missing (${file})`;
  return null;
}

const encryptionOf = (filter: string): string | undefined =>
  windowsCatalogue().encryption.find(({ services }) =>
    services.some((name) => name.toLowerCase() === filter.toLowerCase()),
  )?.name;

const encrypted = (product: string): Finding => ({
  severity: 'warning',
  code: 'DISK_ENCRYPTION_INSTALLED',
  message: `${product} is installed and stands between Windows and its disks: the virtual machine starts only if they are not encrypted.`,
  next: `Decrypt the disks on the server and uninstall ${product} before the conversion, if it encrypts them.`,
});

const ownFilterMissing = (filter: string, name: string, cannot: string): Finding => ({
  severity: 'warning',
  code: 'WINDOWS_FILTER_MISSING',
  message: `The filter ${filter} of all ${name}, a part of Windows, cannot be loaded: ${cannot[0]!.toLowerCase()}${cannot.slice(1)}.`,
  next: 'Check that the server itself still starts, and repair this driver there before the conversion.',
});

function addOnce(findings: Finding[], finding: Finding): void {
  if (!findings.some(({ message }) => message === finding.message)) findings.push(finding);
}
