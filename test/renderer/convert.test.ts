/** What the wizard of conversions makes of what was typed, and the choices of the image tool. */
import { describe, expect, it } from 'vitest';
import type { FileRef } from '../../migration-core/contract/files.ts';
import { detailText, jobSeconds } from '../../renderer/screens/activity/job-facts.ts';
import {
  asksForUnclean,
  needsDecisionOnly,
  chooseTarget,
  choiceOf,
  freshDraft,
  keyOf,
  moveSource,
  plannedTarget,
  planText,
  rightFor,
  problemOf,
  sameNic,
  standardsOf,
  startProblem,
  type Draft,
  type Inspection,
  type Plan,
  type TargetView,
} from '../../renderer/screens/convert/draft.ts';
import {
  allocationsOf,
  compressionsOf,
  settle,
  suggestedName,
  type ImageChoice,
  type ImageFormat,
} from '../../renderer/screens/images/choices.ts';
import { onScreen } from '../../renderer/text/on-screen.ts';

const file = (name: string): FileRef => ({
  id: `file-${Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32)}`,
  purpose: 'source',
  name,
  path: `/disks/${name}`,
  bytes: 1,
});
describe('the platform of a conversion', () => {
  it('is that of the scenario until a person chooses one', () => {
    const targets = [{ id: 'kvm' }, { id: 'proxmox' }];
    expect(plannedTarget('proxmox', targets)).toBe('proxmox');
    expect(plannedTarget('container', targets)).toBeNull();
    expect(plannedTarget(undefined, targets)).toBeNull();
    const standards = standardsOf(null, null, 'proxmox');
    const draft = { ...freshDraft(), output: file('out') };
    expect(problemOf('target', draft, standards)).toBeNull();
    expect(problemOf('target', draft, standardsOf(null, null))).toBe('Choose a platform.');
    const ready = { ...draft, sources: [file('a.img')] };
    expect(choiceOf(ready, standards)?.target).toBe('proxmox');
    expect(choiceOf({ ...ready, target: 'kvm' }, standards)?.target).toBe('kvm');
  });
});

describe('volumes that were not closed', () => {
  it('are no refusal where nothing else stands in the way', () => {
    const blocker = (code: string) => ({ code, severity: 'blocker' });
    expect(needsDecisionOnly([blocker('NTFS_LOG_DIRTY'), { code: 'OTHER', severity: 'warning' }])).toBe(true);
    expect(needsDecisionOnly([blocker('NTFS_LOG_DIRTY'), blocker('OTHER')])).toBe(false);
    expect(needsDecisionOnly([{ code: 'NTFS_NOT_CLEAN', severity: 'warning' }])).toBe(false);
  });

  it('a person is asked where there are any, and stays asked once decided; off by default', () => {
    const found = { findings: [{ code: 'NTFS_NOT_CLEAN' }, { code: 'NTFS_LOG_DIRTY' }] };
    const draft = { ...freshDraft(), target: 'kvm', output: file('out'), sources: [file('a.img')] };
    expect(asksForUnclean(draft, null)).toBe(false);
    expect(asksForUnclean(draft, { findings: [{ code: 'NTFS_DAMAGED_IN_PART' }] })).toBe(false);
    expect(asksForUnclean(draft, found)).toBe(true);
    expect(asksForUnclean({ ...draft, acceptUncleanNtfs: true }, null)).toBe(true);
    // Without changes to the system there is nothing to decide.
    expect(asksForUnclean({ ...draft, fix: false }, found)).toBe(false);
    const standards = standardsOf(null, null);
    expect(choiceOf(draft, standards)?.acceptUncleanNtfs).toBe(false);
    expect(choiceOf({ ...draft, acceptUncleanNtfs: true }, standards)?.acceptUncleanNtfs).toBe(true);
    expect(onScreen('Where that is not possible, --accept-unclean-ntfs goes on with the copy.')).toBe(
      'Where that is not possible, “Go on although volumes were not closed” goes on with the copy.',
    );
  });
});

describe('the right to read a disk of this computer', () => {
  const disk = { ...file('sda'), path: '/dev/sda' };
  const windows = { ...file('PhysicalDrive0'), path: '\\\\.\\PhysicalDrive0' };
  it('is asked for by a person, where a helper needs it, and once for the same disks', () => {
    expect(rightFor([file('a.img')], 'helper')).toBeNull();
    expect(rightFor([disk], 'direct')).toBeNull();
    expect(rightFor([file('a.img'), disk], 'helper')).toBe(disk.id);
    expect(rightFor([disk, windows], 'helper')).toBe(rightFor([windows, disk], 'helper'));
    expect(rightFor([disk], 'helper')).not.toBe(rightFor([windows], 'helper'));
  });
});

const inspection: Inspection = {
  disks: [],
  guest: {
    hostName: 'web01',
    os: 'Debian 12',
    isWindows: false,
    architecture: 'x86_64',
    firmware: 'bios',
    init: 'systemd',
    kernels: [],
    interfaces: [
      { name: 'lo', kind: 'loopback', mac: null, addresses: [] },
      { name: 'eth0', kind: 'physical', mac: '00:25:90:00:00:01', addresses: [] },
      { name: 'eth1', kind: 'physical', mac: null, addresses: [] },
    ],
    agents: [],
  },
  machine: null,
  findings: [],
  convertible: true,
  seconds: 1,
};
const assessed = (vcpus: number, memoryBytes: number): Parameters<typeof standardsOf>[1] =>
  ({ machine: { vcpus, memoryBytes } }) as Parameters<typeof standardsOf>[1];
const complete = (): Draft => ({
  ...freshDraft(),
  sources: [file('a.img')],
  target: 'kvm',
  output: file('out'),
});

describe('defaults', () => {
  it('come from the assessment, else from the description, else are left to the program', () => {
    expect(standardsOf(inspection, assessed(4, 6 * 2 ** 30 + 1))).toMatchObject({
      ...{ name: 'web01', cpus: 4, memoryMiB: 6145, sizeFrom: 'assessment' },
    });
    const machine = { name: 'erp', platform: 'VMware', cpus: 8, memoryMiB: 4096 };
    expect(standardsOf({ ...inspection, machine }, null)).toMatchObject({
      ...{ name: 'erp', cpus: 8, memoryMiB: 4096, sizeFrom: 'source' },
    });
    expect(standardsOf(inspection, null)).toMatchObject({ cpus: null, memoryMiB: null, sizeFrom: 'unknown' });
  });

  it('have a card for each physical interface, isolated with its own address; one where none is known', () => {
    const { nics } = standardsOf(inspection, null);
    expect(nics.map(({ guestName, mode, mac }) => [guestName, mode, mac])).toEqual([
      ['eth0', 'isolated', 'keep'],
      ['eth1', 'isolated', 'keep'],
    ]);
    expect(standardsOf(null, null).nics).toHaveLength(1);
  });

  it('take no name that the program would refuse', () => {
    const hostile = { ...inspection.guest!, hostName: '<b>=cmd\u001b[31m' };
    expect(standardsOf({ ...inspection, guest: hostile }, null).name).toBeNull();
  });
});

describe('what is asked of the program', () => {
  const standards = standardsOf(inspection, assessed(4, 8 * 2 ** 30));

  it('is nothing while a step lacks something, and each says what', () => {
    const draft = freshDraft();
    expect(choiceOf(draft, standards)).toBeNull();
    expect(problemOf('source', draft, standards)).toBe('Choose the disks of the server first.');
    expect(problemOf('target', draft, standards)).toBe('Choose a platform.');
    draft.target = 'kvm';
    expect(problemOf('target', draft, standards)).toBe('Choose where the machine is written.');
  });

  it('holds the defaults where nothing was typed, and leaves untouched cards to the program', () => {
    const choice = choiceOf(complete(), standards);
    expect(choice).toMatchObject({
      name: 'web01',
      cpus: 4,
      memoryMiB: 8192,
      nics: [],
      bus: null,
      root: null,
    });
    expect(
      choiceOf({ ...complete(), cpus: 2, root: ' md0 ', drivers: [file('virtio-win.iso')] }, standards),
    ).toMatchObject({
      cpus: 2,
      root: 'md0',
      drivers: [file('virtio-win.iso').id],
    });
  });

  it('takes hardware addresses as people write them, and says what is wrong with others', () => {
    const nic = { ...standards.nics[0]!, mac: 'own' as const, address: '52-54-00-AB-CD-EF' };
    const draft = { ...complete(), nics: [nic] };
    expect(choiceOf(draft, standards)?.nics).toEqual([
      { mode: 'isolated', network: null, vlan: null, mac: '52:54:00:ab:cd:ef' },
    ]);
    nic.address = '52:54:00';
    expect(choiceOf(draft, standards)).toBeNull();
    expect(problemOf('options', draft, standards)).toBe('A hardware address looks like 52:54:00:12:34:56.');
    expect(sameNic(nic, standards.nics[0])).toBe(false);
    expect(sameNic({ ...standards.nics[0]!, network: '  ' }, standards.nics[0])).toBe(true);
  });

  it('refuses a name that cannot be one', () => {
    expect(problemOf('options', { ...complete(), name: 'a/b' }, standards)).toContain(
      'A name has up to 80 letters',
    );
  });
});

describe('the start', () => {
  const choice = choiceOf(complete(), standardsOf(inspection, null))!;
  const plan = {} as Plan;

  it('needs checks of exactly what is chosen, and none that stands in the way', () => {
    expect(startProblem(null, null, null)).toBe('Something is still missing in an earlier step.');
    expect(startProblem(choice, null, null)).toBe('The checks have to run first.');
    expect(startProblem(choice, keyOf(choice), { blocked: false, plan })).toBeNull();
    const other = { ...choice, cpus: 3 };
    expect(startProblem(other, keyOf(choice), { blocked: false, plan })).toBe(
      'The checks have to run first.',
    );
    for (const preview of [
      { blocked: true, plan },
      { blocked: false, plan: null },
    ])
      expect(startProblem(choice, keyOf(choice), preview)).toBe(
        'A check stands in the way; see the pre-flight.',
      );
  });
});

describe('choices that depend on others', () => {
  it('another platform takes back the format and the bus that it lacks', () => {
    const target = {
      id: 'hyperv',
      name: 'Hyper-V',
      formats: [{ id: 'vhdx', name: 'VHDX' }],
      buses: [],
      packaged: false,
    } satisfies TargetView;
    const draft = { ...complete(), format: 'qcow2', bus: 'virtio-scsi' };
    chooseTarget(draft, target);
    expect(draft).toMatchObject({ target: 'hyperv', format: null, bus: null });
  });

  it('disks change places, and never leave the list', () => {
    const draft = { ...freshDraft(), sources: [file('a'), file('b')] };
    moveSource(draft, 1, -1);
    expect(draft.sources.map(({ name }) => name)).toEqual(['b', 'a']);
    moveSource(draft, 0, -1);
    expect(draft.sources.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('another format of an image keeps only what it has', () => {
    const format: ImageFormat = {
      id: 'vmdk',
      name: 'VMDK',
      layouts: [
        { id: 'sparse', name: 'Sparse', allocations: ['thin'], compressions: [], packed: false, split: true },
        {
          id: 'stream',
          name: 'Stream',
          allocations: ['thin'],
          compressions: ['zlib'],
          packed: true,
          split: false,
        },
      ],
    };
    const choice: ImageChoice = {
      format: 'qcow2',
      layout: 'v2',
      allocation: 'thick',
      compress: 'zstd',
      verify: true,
      zeroBadSectors: false,
    };
    expect(settle(format, choice)).toEqual({
      ...choice,
      ...{ format: 'vmdk', layout: null, allocation: 'thin', compress: null },
    });
    expect(allocationsOf(format, { ...choice, layout: null })).toEqual(['thin', 'split2g']);
    expect(compressionsOf(format, { ...choice, layout: 'sparse' })).toEqual([]);
    expect(suggestedName('web01.img', format)).toBe('web01.vmdk');
    expect(suggestedName('web01.vmdk', format)).toBe('web01-copy.vmdk');
  });
});

describe('words', () => {
  it('options of the command line become fields of the screen; what is no such option stands', () => {
    expect(onScreen('Choose one of a, b with --bus.')).toBe('Choose one of a, b under “Disk controller”.');
    expect(onScreen('Choose another folder with -o, or replace it with --force.')).toBe(
      'Choose another folder.',
    );
    expect(onScreen('it can be copied with --no-fix.')).toBe(
      'it can be copied with “Prepare the system for its new hardware” switched off.',
    );
    expect(onScreen('Run it with --never-heard -of it.')).toBe('Run it with --never-heard -of it.');
  });

  it('a plan can be copied as text', () => {
    const text = planText(
      {
        machine: {
          ...{ name: 'web01', cpus: 2, memoryMiB: 2048, firmware: 'uefi' },
          disks: [{ file: 'a.qcow2', format: 'qcow2', bytes: 5, bus: 'virtio-scsi', unit: 0 }],
          nics: [
            { model: 'virtio-net', mac: 'm', mode: 'bridged', network: 'vmbr0', vlan: 7, guestName: null },
          ],
        },
        hardware: [{ what: 'Firmware', source: 'UEFI', virtual: 'OVMF' }],
        changes: [{ fixer: 'f', what: 'Named by UUID', why: 'names change', path: '/etc/fstab' }],
        ...{ bytesToCopy: 1, bytesOfDisks: 5, needBytes: 1, freeBytes: 2, folder: '/out', files: [] },
      },
      (bytes) => `${bytes} B`,
    );
    expect(text.split('\n')).toEqual([
      'web01: 2 CPUs, 2147483648 B, uefi',
      'a.qcow2: 5 B, qcow2, virtio-scsi',
      'virtio-net, m, bridged, vmbr0, VLAN 7',
      '',
      'Firmware: UEFI -> OVMF',
      '',
      '/etc/fstab: Named by UUID (names change)',
    ]);
  });

  it('a job that never began took no time, and a clock that was set back makes none negative', () => {
    expect(jobSeconds({ startedAt: null, endedAt: 5 }, 10)).toBeNull();
    expect(jobSeconds({ startedAt: 9000, endedAt: 4000 }, 0)).toBe(0);
    expect(jobSeconds({ startedAt: 1000, endedAt: null }, 3500)).toBe(2.5);
    expect(detailText({ file: 'a', lines: 2, none: null, list: [1] })).toBe('file: a, lines: 2, list: [1]');
  });
});
