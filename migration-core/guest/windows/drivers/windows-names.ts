/**
 * Names of Windows versions: as people say them, and as folders of driver sources are called (virtio-win: xp, 2k3, 2k8, w7,
 * 2k8R2, w8, 2k12, w8.1, 2k12R2, w10, 2k16, 2k19, w11, 2k22, 2k25; older ones: Wxp, Wnet, Wlh, Win7, Win8, Win10).
 * Versions and builds: OSVERSIONINFOEX of the Windows documentation.
 */
export interface WindowsName {
  /** Lower case: `2022`, `xp`. */
  name: string;
  ntVersion: string;
  /** The first one of that version. */
  build: number;
  server: boolean;
  /** Names of folders, lower case. */
  folders: readonly string[];
}

export const WINDOWS_NAMES: readonly WindowsName[] = [
  named('xp', '5.1', 2600, false, 'xp', 'wxp', 'winxp'),
  named('2003', '5.2', 3790, true, '2k3', 'wnet', '2003', 'win2003'),
  named('vista', '6.0', 6002, false, 'vista', 'wlh'),
  named('2008', '6.0', 6003, true, '2k8', '2008'),
  named('7', '6.1', 7601, false, 'w7', 'win7'),
  named('2008r2', '6.1', 7601, true, '2k8r2', '2008r2'),
  named('8', '6.2', 9200, false, 'w8', 'win8'),
  named('2012', '6.2', 9200, true, '2k12', '2012'),
  named('8.1', '6.3', 9600, false, 'w8.1', 'win8.1'),
  named('2012r2', '6.3', 9600, true, '2k12r2', '2012r2'),
  named('10', '10.0', 10240, false, 'w10', 'win10'),
  named('2016', '10.0', 14393, true, '2k16', '2016'),
  named('2019', '10.0', 17763, true, '2k19', '2019'),
  named('2022', '10.0', 20348, true, '2k22', '2022'),
  named('11', '10.0', 22000, false, 'w11', 'win11'),
  named('2025', '10.0', 26100, true, '2k25', '2025'),
];

function named(
  name: string,
  ntVersion: string,
  build: number,
  server: boolean,
  ...folders: string[]
): WindowsName {
  return { name, ntVersion, build, server, folders };
}

/** The Windows that a part of a path speaks of; the innermost one counts. null where none does. */
export function folderWindows(path: string): WindowsName | null {
  const parts = path.toLowerCase().split('/').reverse();
  for (const part of parts) {
    const found = WINDOWS_NAMES.find(({ folders }) => folders.includes(part));
    if (found !== undefined) return found;
  }
  return null;
}
