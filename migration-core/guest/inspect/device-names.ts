/**
 * Names that Linux has for disks, taken apart. Which volume a name means is decided in devices.ts: a kernel name or
 * by-id name says which disk of the physical server, not which one of ours.
 */

export type DeviceName =
  /** Says the volume by what is written on it: the same on every machine. */
  | { kind: 'tag'; tag: 'UUID' | 'LABEL' | 'PARTUUID' | 'PARTLABEL'; value: string }
  /** A disk of the server and a partition on it. `disk` is the same text for all partitions of one disk. */
  | { kind: 'disk'; disk: string; order: number | null; partition: number | null }
  /** LVM, md, a mapping of crypttab: lies on other volumes. */
  | { kind: 'mapped'; layer: 'lvm' | 'md' | 'mapper' }
  | null;

const TAG_DIRECTORIES: Record<string, 'UUID' | 'LABEL' | 'PARTUUID' | 'PARTLABEL'> = {
  'by-uuid': 'UUID',
  'by-label': 'LABEL',
  'by-partuuid': 'PARTUUID',
  'by-partlabel': 'PARTLABEL',
};

/** A device as fstab, crypttab or the kernel command line names it. Null for what names no disk. */
export function parseDeviceName(name: string): DeviceName {
  const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL)=(.*)$/s.exec(name);
  if (tag !== null) {
    const value = tag[2]!.replace(/^"(.*)"$/s, '$1').replace(/^'(.*)'$/s, '$1');
    return { kind: 'tag', tag: tag[1] as 'UUID', value };
  }
  const link = /^\/dev\/disk\/(by-[a-z]+)\/(.+)$/.exec(name);
  if (link !== null) {
    const tagged = TAG_DIRECTORIES[link[1]!];
    if (tagged !== undefined) return { kind: 'tag', tag: tagged, value: unescapeUdev(link[2]!) };
    return splitPartition(`${link[1]}/${link[2]}`, /^(.+)-part(\d{1,4})$/);
  }
  if (!name.startsWith('/dev/')) return null;
  // `cciss!c0d0p1` is how sysfs writes `cciss/c0d0p1`.
  const device = name.slice('/dev/'.length).replace('!', '/');
  const lettered = /^(?:sd|hd|vd|xvd|ubd)([a-z]{1,3})(\d{1,4})?$/.exec(device);
  if (lettered !== null) {
    const digits = lettered[2] ?? '';
    const disk = digits === '' ? device : device.slice(0, -digits.length);
    return { kind: 'disk', disk, order: letterOrder(lettered[1]!), partition: numberOrNull(lettered[2]) };
  }
  const numbered =
    /^((?:nvme(\d{1,4})n\d{1,4})|(?:mmcblk(\d{1,4}))|(?:(?:cciss|ida|rd)\/c\d{1,3}d(\d{1,3})))(?:p(\d{1,4}))?$/.exec(
      device,
    );
  if (numbered !== null) {
    const order = Number(numbered[2] ?? numbered[3] ?? numbered[4]);
    return { kind: 'disk', disk: numbered[1]!, order, partition: numberOrNull(numbered[5]) };
  }
  if (/^md(\d|_|\/)/.test(device)) return { kind: 'mapped', layer: 'md' };
  const mapper = /^mapper\/(.+)$/.exec(device);
  if (mapper !== null) return mapperName(mapper[1]!);
  if (/^dm-\d+$/.test(device)) return { kind: 'mapped', layer: 'mapper' };
  // `/dev/VG/LV`; the directories of /dev that are none of LVM are left out.
  if (
    /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*\/[A-Za-z0-9+_.-]+$/.test(device) &&
    !/^(disk|block|char|input|bus|cpu|dri|snd|net|loop)\//.test(device)
  )
    return { kind: 'mapped', layer: 'lvm' };
  return null;
}

/** Multipath: `mpatha`, `mpatha1`, `mpathap1`, `mpatha-part1`, or the WWID of the disk; LVM writes `vg-lv`. */
function mapperName(name: string): DeviceName {
  if (/^mpath[a-z]{1,3}/.test(name))
    return splitPartition(`mapper/${name}`, /^(mapper\/mpath[a-z]{1,3}?)(?:-part|_part|p)?(\d{1,4})$/);
  if (/^3[0-9a-f]{16}([0-9a-f]{16})?/.test(name))
    return splitPartition(
      `mapper/${name}`,
      /^(mapper\/3(?:[0-9a-f]{32}|[0-9a-f]{16}))(?:-part|_part|p)(\d{1,4})$/,
    );
  return { kind: 'mapped', layer: /[^-]-[^-]/.test(name) ? 'lvm' : 'mapper' };
}

function splitPartition(name: string, pattern: RegExp): DeviceName {
  const match = pattern.exec(name);
  if (match === null) return { kind: 'disk', disk: name, order: null, partition: null };
  return { kind: 'disk', disk: match[1]!, order: null, partition: Number(match[2]) };
}

/** sda is 0, sdz 25, sdaa 26. */
function letterOrder(letters: string): number {
  let order = 0;
  for (const letter of letters) order = order * 26 + letter.charCodeAt(0) - 96;
  return order - 1;
}

const numberOrNull = (digits: string | undefined): number | null =>
  digits === undefined ? null : Number(digits);

/** udev writes what may not stand in a file name as `\x20`; labels are UTF-8. */
function unescapeUdev(name: string): string {
  const bytes = name.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return bytes === name ? name : Buffer.from(bytes, 'latin1').toString('utf8');
}
