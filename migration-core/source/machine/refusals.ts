import { IronliftError } from '../../base/errors.ts';

/** `why`: `its XML is broken (...)`. */
export function notUnderstood(path: string, why: string, next?: string): IronliftError {
  return new IronliftError(
    'MACHINE_NOT_UNDERSTOOD',
    `The machine described in ${path} cannot be read: ${why}.`,
    {
      next:
        next ??
        'Name the disks of the machine instead, the boot disk first; give CPUs and memory as options.',
      data: { path },
    },
  );
}
