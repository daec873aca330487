/** /etc/fstab, by fstab(5): six fields, white space between them, octal escapes within them. */
import type { FstabEntry } from '../guest.ts';

/** No server has more lines that matter; a damaged file may. */
const MAX_LINES = 10_000;
const LONGEST_LINE = 8192;

export function parseFstab(text: string): FstabEntry[] {
  const entries: FstabEntry[] = [];
  for (const [line, raw] of text.split('\n', MAX_LINES).entries()) {
    const trimmed = raw.trim();
    // A file that lost its blocks in a crash is full of NULs: nothing of such a line can be trusted.
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.includes('\0')) continue;
    if (trimmed.length > LONGEST_LINE) continue;
    const [device, path, type, options, dump, pass] = trimmed.split(/[ \t\r]+/).map(unescapeFstab);
    if (device === undefined || path === undefined || type === undefined) continue;

    entries.push({
      line,
      device,
      path,
      type,
      options: (options ?? 'defaults').split(',').filter((option) => option !== ''),
      dump: dump ?? '0',
      pass: pass ?? '0',
    });
  }
  return entries;
}

/** `\040` is a space, `\011` a tab, `\134` a backslash: three octal digits each. */
export function unescapeFstab(field: string): string {
  return field.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

const NETWORK =
  /^(nfs4?|cifs|smb3|smbfs|ncpfs|ceph|glusterfs|9p|fuse\.(sshfs|glusterfs|ceph.*|s3fs)|davfs|afs|lustre|ocfs2|gfs2?|gpfs|beegfs)$/;
const VIRTUAL =
  /^(proc|sysfs|tmpfs|ramfs|devpts|devtmpfs|usbfs|usbdevfs|binfmt_misc|debugfs|securityfs|efivarfs|hugetlbfs|mqueue|configfs|cgroup2?|fusectl|tracefs|rpc_pipefs|nfsd|overlay|aufs|fuse\..*|none|autofs|subfs)$/;

/** Mounted from the network: no disk of the server holds it. */
export const isNetwork = (entry: FstabEntry): boolean =>
  NETWORK.test(entry.type) ||
  entry.options.includes('_netdev') ||
  /^[^/=]+:\//.test(entry.device) ||
  entry.device.startsWith('//');

/** Needs no disk: kernel file systems, bind mounts, swap files, loop mounts. */
export const isVirtual = (entry: FstabEntry): boolean =>
  VIRTUAL.test(entry.type) ||
  entry.options.some((option) => option === 'bind' || option === 'rbind' || option.startsWith('loop')) ||
  (entry.device.startsWith('/') && !entry.device.startsWith('/dev/')) ||
  /^(none|proc|tmpfs|sysfs)$/.test(entry.device);

/** Floppy and CD-ROM drives, which may be empty or absent at any boot. */
export const isRemovable = (entry: FstabEntry): boolean =>
  /^\/dev\/(fd\d*|floppy.*|cdrom.*|cdrw.*|dvd.*|scd\d+|sr\d+)$/.test(entry.device) ||
  /^(iso9660|udf)$/.test(entry.type) ||
  /^udf,iso9660$|^iso9660,udf$/.test(entry.type);
