/** How names of files end, by what they are chosen for. Shown as a filter; contents decide what a file is. */
import type { FilePurpose } from '../../contract/files.ts';

const ENGAGEMENT = ['.ironlift'];
const IMAGES = [
  '.img',
  '.raw',
  '.dd',
  '.iso',
  '.qcow2',
  '.qcow',
  '.vmdk',
  '.vhdx',
  '.vhd',
  '.vdi',
  '.e01',
  '.gz',
  '.xz',
  '.zst',
];
const MACHINES = ['.ova', '.ovf', '.vmx', '.vbox', '.xml', '.conf', '.vmc'];

/** In lower case. null: any file. Of purposes that save, the first is added to a name that has none of them. */
export const FILE_ENDINGS: Record<FilePurpose, readonly string[] | null> = {
  engagement: ENGAGEMENT,
  'new-engagement': ENGAGEMENT,
  import: null,
  'annotations-in': ['.csv'],
  'annotations-out': ['.csv'],
  'waves-in': ['.csv'],
  'waves-out': ['.csv'],
  'rule-pack': ['.json'],
  source: [...IMAGES, ...MACHINES],
  image: [...IMAGES, '.ova'],
  'image-out': IMAGES,
  output: null,
  drivers: ['.iso'],
  conversion: null,
  'report-folder': null,
  logo: ['.png', '.jpg', '.jpeg', '.svg'],
  'log-out': ['.ndjson', '.txt'],
  'ssh-key': null,
};

export function fits(name: string, purpose: FilePurpose): boolean {
  const endings = FILE_ENDINGS[purpose];
  const lower = name.toLowerCase();
  return endings === null || endings.some((ending) => lower.endsWith(ending));
}

/** The name with the ending that files of this purpose have. */
export function withEnding(name: string, purpose: FilePurpose): string {
  const [first] = FILE_ENDINGS[purpose] ?? [];
  return first === undefined || fits(name, purpose) ? name : `${name}${first}`;
}
