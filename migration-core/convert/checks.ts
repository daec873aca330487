/**
 * The checks before a conversion, as a person reads them: each question is there whether it was answered well or not, with
 * what was found and which failure it prevents. Findings (base/finding.ts) are what the checks found; this only sorts them.
 */
import type { Finding } from '../base/finding.ts';
import { formatBytes, plural } from '../base/text.ts';
import type { ConversionPreview } from './convert.ts';

export interface CheckedThing {
  id: string;
  title: string;
  result: 'ok' | 'note' | 'warning' | 'blocker';
  found: string;
  next: string | null;
  why: string;
}

interface Question {
  id: string;
  title: string;
  why: string;
  /** Findings that answer it: their codes begin so. */
  codes: readonly string[];
  /** What a good answer rests on. */
  passed(preview: ConversionPreview): string;
}

const QUESTIONS: readonly Question[] = [
  {
    id: 'source',
    title: 'Can the disks be read, and do they lie still?',
    why: 'A disk that is written to while it is copied gives a machine whose files contradict each other.',
    codes: ['SOURCE_', 'READ_', 'BAD_SECTORS', 'DISK_', 'IMAGE_', 'MACHINE_DISK', 'SECTOR_'],
    passed: ({ server }) =>
      `${plural(server.disks.length, 'disk')} read, ${formatBytes(server.disks.reduce((sum, { overlay }) => sum + overlay.size, 0))} in all; they are opened for reading only.`,
  },
  {
    id: 'partitions',
    title: 'Are the partition tables sound?',
    why: 'Firmware starts from the table; a damaged copy shows only when the machine is switched on.',
    codes: ['GPT_', 'EBR_', 'PARTITIONS_', 'HYBRID_', 'NO_PARTITION_TABLE'],
    passed: ({ server }) =>
      server.disks
        .map(
          ({ table }, index) =>
            `disk ${index + 1}: ${{ gpt: 'GPT', mbr: 'MBR', none: 'no table' }[table.scheme]}`,
        )
        .join(', ')
        .replace(/^./u, (first) => first.toUpperCase()) + '.',
  },
  {
    id: 'volumes',
    title: 'Are all volumes of the system readable?',
    why: 'What is encrypted, spread over other disks or asleep cannot be prepared for new hardware.',
    codes: [
      'VOLUME_',
      'DISK_ENCRYPTION',
      'RAID_',
      'LDM_',
      'STORAGE_SPACES',
      'GUEST_HIBERNATED',
      'HIBERNATION',
      'EXT_',
      'NTFS_',
      'FAT_',
      'LVM_',
      'MD_',
      'ROOT_',
      'MOUNT_POINT',
      'WINDOWS_DRIVE_',
      'WINDOWS_DYNAMIC_DISK',
      'WINDOWS_STORAGE_SPACES',
      'WINDOWS_FAST_STARTUP',
    ],
    passed: ({ server }) => {
      const read = server.volumes.filter(({ fileSystem }) => fileSystem !== null).length;
      const whole = server.volumes.length - read;
      return `${plural(read, 'file system')} read${whole === 0 ? '' : `; ${plural(whole, 'other volume')} will be copied whole`}.`;
    },
  },
  {
    id: 'system',
    title: 'Is there a system that we know how to prepare?',
    why: 'Without its drivers in place a server stops at its first start on other hardware.',
    codes: [
      'OS_',
      'NO_OS',
      'SEVERAL_OS',
      'NO_KERNEL',
      'KERNEL_',
      'INITRAMFS_',
      'NO_INITRAMFS',
      'DRIVER_',
      'INF_',
      'ISO_',
      'HIVE_',
      'NOT_A_HIVE',
      'WINDOWS_',
      'HAL_',
    ],
    passed: ({ server }) => {
      const guest = server.inspection?.guest;
      if (guest === undefined)
        return 'The disks are copied as they are: preparing the system is switched off.';
      const kernels = guest.windows === undefined ? `${plural(guest.kernels.length, 'kernel')}, ` : '';
      return `${guest.os.name}, ${kernels}with the drivers that the machine needs.`;
    },
  },
  {
    id: 'boot',
    title: 'Will it find its way from the firmware to its root?',
    why: 'Boot loaders name disks by numbers that change with the controller.',
    codes: [
      'NO_BOOT_LOADER',
      'BOOT_',
      'GRUB',
      'ESP_',
      'FSTAB_',
      'DISK_NAMES',
      'DEVICE_NAME',
      'CONSOLE_',
      'DRIVE_LETTER',
      'HAL_',
      'SMALL_DISK',
      'WINDOWS_FILTER',
      'MULTIPATH_',
    ],
    passed: ({ server }) => {
      const guest = server.inspection?.guest;
      return guest === undefined
        ? 'Not looked at: preparing the system is switched off.'
        : `${guest.firmware.toUpperCase()} firmware, and every file system is named by something that moves along.`;
    },
  },
  {
    id: 'network',
    title: 'Will it keep its addresses?',
    why: 'A new network card gets a new name, and a server without its address is down for everybody else.',
    codes: ['NETWORK_', 'TARGET_NO_NIC', 'TARGET_NIC', 'TARGET_BRIDGED', 'WINDOWS_NETWORK_'],
    passed: ({ server, plan }) => {
      // A Windows does not tell the addresses of its cards, and keeps its own by the first start.
      const adapters = server.inspection?.guest.windows?.adapters.length;
      if (adapters !== undefined)
        return `${plural(plan.machine.nics.length, 'network card')} for ${plural(adapters, 'adapter')}; their settings move along.`;
      const cards = server.inspection?.guest.interfaces.filter(({ mac }) => mac !== null).length ?? 0;
      return `${plural(plan.machine.nics.length, 'network card')} for ${plural(cards, 'interface')} with a known address.`;
    },
  },
  {
    id: 'target',
    title: 'Does the platform take such a machine?',
    why: 'Limits of a platform (slots, sizes, firmware) show up only at import, after hours of copying.',
    codes: ['TARGET_', 'PLATFORM_'],
    passed: ({ plan: { machine, target } }) =>
      `${target.name}: ${plural(machine.cpus, 'CPU')}, ${formatBytes(machine.memoryMiB * 2 ** 20)} of memory, ${plural(machine.disks.length, 'disk')} on ${[...new Set(machine.disks.map(({ bus }) => bus))].join(' and ')}.`,
  },
  {
    id: 'room',
    title: 'Is there room for the result, and within the system for the changes?',
    why: 'A copy that fails at the last gigabyte costs the whole night.',
    codes: ['DESTINATION_', 'NO_SPACE', 'LITTLE_SPACE', 'SCRATCH_SPACE'],
    passed: ({ plan, destination }) =>
      `It takes up to ${formatBytes(plan.needBytes)}, and ${formatBytes(destination.freeBytes)} are free there.`,
  },
];

/** Asked last, and only where something was found that belongs nowhere else. */
const REST: Omit<Question, 'passed'> = {
  codes: [],
  id: 'other',
  title: 'Is there anything else to know?',
  why: 'What was noticed on the way, so that nobody is surprised later.',
};

const ORDER = ['info', 'warning', 'blocker'] as const;

/** `preview` is null where a refusal came before there was one: then only what was found is told, and no check passes. */
export function checksOf(preview: ConversionPreview | null, findings: readonly Finding[]): CheckedThing[] {
  // The longest beginning wins: TARGET_NO_NIC is of the network, not of the platform.
  const questionOf = (code: string): string => {
    let best: { id: string; length: number } = { id: REST.id, length: 0 };
    for (const { id, codes } of QUESTIONS)
      for (const beginning of codes)
        if (code.startsWith(beginning) && beginning.length > best.length)
          best = { id, length: beginning.length };
    return best.id;
  };
  const byQuestion = Map.groupBy(findings, ({ code }) => questionOf(code));
  const all: readonly (Omit<Question, 'passed'> & Partial<Pick<Question, 'passed'>>)[] = [...QUESTIONS, REST];
  return all.flatMap(({ id, title, why, passed }): CheckedThing[] => {
    const answers = byQuestion.get(id) ?? [];
    if (answers.length === 0) {
      if (preview === null || passed === undefined) return [];
      return [{ id, title, result: 'ok', found: passed(preview), next: null, why }];
    }
    const worst = answers.reduce((rank, { severity }) => Math.max(rank, ORDER.indexOf(severity)), 0);
    const next = [...new Set(answers.flatMap((answer) => answer.next ?? []))];
    return [
      {
        id,
        title,
        result: (['note', 'warning', 'blocker'] as const)[worst]!,
        found: answers.map(({ message }) => message).join(' '),
        next: next.length === 0 ? null : next.join(' '),
        why,
      },
    ];
  });
}
