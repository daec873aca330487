/** Files that others have to convert first. Each is recognised only to say how. */
import { IronliftError } from '../../../base/errors.ts';
import type { Importer, ImportInput } from '../../collector.ts';
import { headText } from '../text-encoding.ts';

function refused(
  id: string,
  name: string,
  is: (input: ImportInput) => boolean,
  why: (input: ImportInput) => { message: string; next: string },
): Importer {
  return {
    id,
    name,
    recognise: (input) => (!input.isFolder && is(input) ? 3 : 0),

    async *read(input) {
      const { message, next } = why(input);
      throw new IronliftError('IMPORT_NOT_SUPPORTED', message, { next, data: { format: id } });
    },
  };
}

/** The Windows event trace header of a log: buffer size, then the GUID-less WMI buffer header; told by name and zeros too. */
const BLG_SIZES = new Set([0x10000, 0x4000, 0x8000, 0x20000, 0x40000, 0x100000]);

export const binaryPerformanceLog = refused(
  'perfmon-binary',
  'Windows Performance Monitor log (binary)',
  ({ name, head }) =>
    /\.(?:blg|etl)(?:\.(?:gz|xz|zst))?$/iu.test(name) &&
    head.length >= 4 &&
    (BLG_SIZES.has(Buffer.from(head.subarray(0, 4)).readUInt32LE()) || head.includes(0)),
  ({ name }) => ({
    message: `${name} is a binary log of Performance Monitor, which only Windows reads.`,
    next: `On Windows run: relog ${name.replace(/\.(?:gz|xz|zst)$/iu, '')} -f csv -o ${name.replace(/\.blg.*$/iu, '')}.csv, and import that.`,
  }),
);

const UNIX_SAR = /^\s*(AIX|SunOS|HP-UX)\s+(\S+)/u;

export const unixSar = refused(
  'unix-sar',
  'sar of AIX, Solaris or HP-UX',
  (input) => UNIX_SAR.test(headText(input).slice(0, 500)),
  (input) => {
    const [, system = '', host = ''] = UNIX_SAR.exec(headText(input).slice(0, 500)) ?? [];
    return {
      message: `${input.name} is of ${host}, which runs ${system === 'SunOS' ? 'Solaris' : system}: such a server cannot be converted into a virtual machine.`,
      next: 'Leave it out of the assessment, or plan to move its applications to Linux or Windows.',
    };
  },
);
