import type { BootLoader, Guest } from '../guest.ts';

/** Configuration files of one kind of boot loader that inspection found. */
export function findFiles(guest: Guest, kind: BootLoader['kind'], pattern: RegExp): string[] {
  return guest.bootLoaders
    .filter((loader) => loader.kind === kind)
    .flatMap(({ files }) => files)
    .filter((path) => pattern.test(path));
}
