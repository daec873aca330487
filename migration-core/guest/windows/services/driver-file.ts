/** Where the file of a driver lies in the guest, by the ImagePath of its service. */
import type { WindowsFacts } from '../facts.ts';

/**
 * Guest path, its letters as the service has them; null where it lies on another drive or cannot be told. Without an ImagePath
 * Windows takes System32\drivers and the name of the service.
 */
export function driverFile(
  windows: Pick<WindowsFacts, 'systemRoot' | 'systemDrive'>,
  name: string,
  image: string,
): string | null {
  if (image === '') return isPlain(name) ? `${windows.systemRoot}/System32/drivers/${name}.sys` : null;
  const path = image
    .trim()
    .replace(/^"([^"]*)".*$/su, '$1')
    .replace(/^\\\?\?\\/u, '')
    .replaceAll('/', '\\');
  const drive = /^([A-Za-z]):\\(.*)$/su.exec(path);
  if (drive !== null)
    return drive[1]!.toUpperCase() === windows.systemDrive.toUpperCase() ? joined('', drive[2]!) : null;
  const below = /^(?:\\?SystemRoot\\|%(?:SystemRoot|windir)%\\)(.*)$/isu.exec(path);
  if (below !== null) return joined(windows.systemRoot, below[1]!);
  // What begins neither with a drive nor with a backslash is below the folder of Windows.
  return /^[\\%]/u.test(path) ? null : joined(windows.systemRoot, path);
}

function joined(root: string, path: string): string | null {
  const names = path.split('\\').filter((name) => name !== '');
  if (names.length === 0 || !names.every(isPlain)) return null;
  return `${root}/${names.join('/')}`;
}

/** No name that leads elsewhere, and none a volume cannot hold. */
const isPlain = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  name.length <= 255 &&
  !/[\u0000-\u001f<>:"/\\|?*]/u.test(name);
