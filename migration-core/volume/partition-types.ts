/** What the type of a partition says it is for. MBR types: one byte; GPT types: UEFI 2.10, 5.3.3, and their owners' documents. */

const MBR_TYPES: Record<number, string> = {
  0x01: 'FAT12',
  0x04: 'FAT16 below 32 MiB',
  0x05: 'Extended partition',
  0x06: 'FAT16',
  0x07: 'NTFS or exFAT',
  0x0b: 'FAT32',
  0x0c: 'FAT32 (LBA)',
  0x0e: 'FAT16 (LBA)',
  0x0f: 'Extended partition (LBA)',
  0x11: 'Hidden FAT12',
  0x12: 'Vendor diagnostics',
  0x14: 'Hidden FAT16 below 32 MiB',
  0x16: 'Hidden FAT16',
  0x17: 'Hidden NTFS',
  0x1b: 'Hidden FAT32',
  0x1c: 'Hidden FAT32 (LBA)',
  0x1e: 'Hidden FAT16 (LBA)',
  0x27: 'Windows recovery',
  0x42: 'Windows dynamic disk (LDM)',
  0x82: 'Linux swap',
  0x83: 'Linux file system',
  0x85: 'Linux extended partition',
  0x8e: 'Linux LVM',
  0xa5: 'FreeBSD',
  0xa6: 'OpenBSD',
  0xa9: 'NetBSD',
  0xaf: 'Apple HFS+',
  0xbe: 'Solaris boot',
  0xbf: 'Solaris',
  0xde: 'Dell utility',
  0xee: 'GPT protective',
  0xef: 'EFI system',
  0xfb: 'VMware VMFS',
  0xfc: 'VMware swap',
  0xfd: 'Linux RAID member',
};

const GPT_TYPES: Record<string, string> = {
  '00000000-0000-0000-0000-000000000000': 'Unused entry',
  '024DEE41-33E7-11D3-9D69-0008C781F39F': 'MBR partition scheme',
  'C12A7328-F81F-11D2-BA4B-00A0C93EC93B': 'EFI system',
  '21686148-6449-6E6F-744E-656564454649': 'BIOS boot',
  'E3C9E316-0B5C-4DB8-817D-F92DF00215AE': 'Microsoft reserved',
  'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7': 'Windows data',
  'DE94BBA4-06D1-4D40-A16A-BFD50179D6AC': 'Windows recovery',
  '5808C8AA-7E8F-42E0-85D2-E1E90434CFB3': 'Windows dynamic disk (LDM) metadata',
  'AF9B60A0-1431-4F62-BC68-3311714A69AD': 'Windows dynamic disk (LDM) data',
  'E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D': 'Windows Storage Spaces',
  '0FC63DAF-8483-4772-8E79-3D69D8477DE4': 'Linux file system',
  '44479540-F297-41B2-9AF7-D131D5F0458A': 'Linux root (x86)',
  '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709': 'Linux root (x86-64)',
  'B921B045-1DF0-41C3-AF44-4C6F280D3FAE': 'Linux root (ARM64)',
  'BC13C2FF-59E6-4262-A352-B275FD6F7172': 'Linux extended boot',
  '933AC7E1-2EB4-4F13-B844-0E14E2AEF915': 'Linux /home',
  '3B8F8425-20E0-4F3B-907F-1A25A76F98E8': 'Linux /srv',
  '4D21B016-B534-45C2-A9FB-5C16E091FD2D': 'Linux /var',
  '8DA63339-0007-60C0-C436-083AC8230908': 'Linux reserved',
  '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F': 'Linux swap',
  'E6D6D379-F507-44C2-A23C-238F2A3DF928': 'Linux LVM',
  'A19D880F-05FC-4D3B-A006-743F0F84911E': 'Linux RAID member',
  'CA7D7CCB-63ED-4C53-861C-1742536059CC': 'Linux LUKS',
  '7C3457EF-0000-11AA-AA11-00306543ECAC': 'Apple APFS',
  '48465300-0000-11AA-AA11-00306543ECAC': 'Apple HFS+',
  '6A898CC3-1DD2-11B2-99A6-080020736631': 'Solaris /usr or ZFS',
  '516E7CB4-6ECF-11D6-8FF8-00022D09712B': 'FreeBSD data',
  '516E7CB6-6ECF-11D6-8FF8-00022D09712B': 'FreeBSD UFS',
  '516E7CBA-6ECF-11D6-8FF8-00022D09712B': 'FreeBSD ZFS',
  '83BD6B9D-7F41-11DC-BE0B-001560B84F0F': 'FreeBSD boot',
  'AA31E02A-400F-11DB-9590-000C2911D1B8': 'VMware VMFS',
  '9D275380-40AD-11DB-BF97-000C2911D1B8': 'VMware diagnostics',
};

/** Types of partitions that belong to Windows dynamic disks: what lies on them is described by the LDM database. */
export const LDM_TYPES: ReadonlySet<string> = new Set([
  '42',
  '5808C8AA-7E8F-42E0-85D2-E1E90434CFB3',
  'AF9B60A0-1431-4F62-BC68-3311714A69AD',
]);

export const STORAGE_SPACES_TYPE = 'E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D';

export const mbrTypeName = (type: number): string => MBR_TYPES[type] ?? `Type ${mbrTypeCode(type)}`;
export const mbrTypeCode = (type: number): string => type.toString(16).padStart(2, '0').toUpperCase();
export const gptTypeName = (guid: string): string => GPT_TYPES[guid] ?? 'Other';
