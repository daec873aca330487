/** Settings of the default loader for the first start: no repair of its own, no menu after a failure; put back by bcdedit afterwards. */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import { binary, readTexts } from '../../../registry/types.ts';
import type { FixContext, GuestEdit } from '../../fixer.ts';
import { leaveStep } from '../first-boot/steps.ts';
import type { RegistryChange } from '../registry-change.ts';
import { unlessDamaged } from '../services/service-keys.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';
import { ELEMENT, elementData, elementKey } from './bcd.ts';

/** [bootstatuspolicy] of bcdedit, by its number. */
const STATUS_POLICIES = [
  'DisplayAllFailures',
  'IgnoreAllFailures',
  'IgnoreShutdownFailures',
  'IgnoreBootFailures',
  'IgnoreCheckpointFailures',
  'DisplayShutdownFailures',
  'DisplayBootFailures',
  'DisplayCheckpointFailures',
] as const;
const IGNORE_ALL = 1;

interface Setting {
  change: RegistryChange;
  /** bcdedit's arguments that put it back. */
  back: string;
}

export async function quietUntilStarted(
  context: FixContext,
  path: string,
  store: Hive,
  loader: string,
  findings: Finding[],
): Promise<GuestEdit[]> {
  const windows = context.guest.windows!;
  const settings = unlessDamaged(findings, 'the boot configuration', [], () => [
    ...recovery(store, loader),
    ...statusPolicy(store, loader),
  ]);
  const edits: GuestEdit[] = [];
  if (settings.length > 0) {
    edits.push({
      what: 'Windows does not try to repair itself when a start fails, until the virtual machine has started well once.',
      why: 'Its recovery system has no driver for the new disk controller and would come up again and again instead of the cause.',
      action: { kind: 'registry', path, changes: settings.map(({ change }) => change) },
    });
    edits.push(
      ...(await leaveStep(windows, context.files, {
        time: 80,
        name: 'boot-store',
        lines: [
          'rem Recovery after failed starts, as it was on the server.',
          'set failed=0',
          ...settings.map(({ back }) => `"%SystemRoot%\\System32\\bcdedit.exe" ${back} || set failed=1`),
          'exit /b %failed%',
        ],
        what: 'After its first good start Windows repairs failed starts as before.',
        why: 'This is how the server was set.',
      })),
    );
  }
  edits.push(...(await detectHal(context, path, store, loader, findings)));
  return edits;
}

function recovery(store: Hive, loader: string): Setting[] {
  const data = elementData(store, loader, ELEMENT.recoveryEnabled);
  if (data !== null && data[0] === 0) return [];
  const back =
    data === null ? `/deletevalue ${loader} recoveryenabled` : `/set ${loader} recoveryenabled Yes`;
  return [{ change: setElement(loader, ELEMENT.recoveryEnabled, Uint8Array.of(0)), back }];
}

function statusPolicy(store: Hive, loader: string): Setting[] {
  const data = elementData(store, loader, ELEMENT.bootStatusPolicy);
  const change = setElement(loader, ELEMENT.bootStatusPolicy, Uint8Array.of(IGNORE_ALL, 0, 0, 0, 0, 0, 0, 0));
  if (data === null) return [{ change, back: `/deletevalue ${loader} bootstatuspolicy` }];
  const isSmall = data.length === 8 && data.subarray(1).every((byte) => byte === 0);
  const before = isSmall ? STATUS_POLICIES[data[0]!] : undefined;
  // What bcdedit could not put back is left.
  if (before === undefined || data[0] === IGNORE_ALL) return [];
  return [{ change, back: `/set ${loader} bootstatuspolicy ${before}` }];
}

function setElement(object: string, element: string, bytes: Uint8Array): RegistryChange {
  return setValue(elementKey(object, element), 'Element', binary(bytes));
}

/** Vista and Server 2008 of 32 bits keep the HAL of one processor unless they are told to look again. */
async function detectHal(
  { guest, machine, hives }: FixContext,
  path: string,
  store: Hive,
  loader: string,
  findings: Finding[],
): Promise<GuestEdit[]> {
  const windows = guest.windows!;
  if (windows.ntVersion !== '6.0' || guest.architecture === 'x86_64' || machine.cpus < 2) return [];
  const system = await hives!.hive(windows.hives.system);
  const isNeeded = unlessDamaged(findings, 'the kind of computer', false, () => {
    const devices = system
      .find(`${controlSetKey(windows.currentControlSet)}\\Enum\\Root\\ACPI_HAL`)
      ?.subkeys();
    // hal.inf: acpiapic_mp is the computer with several processors, acpiapic_up the one with one.
    const ids = devices?.flatMap((device) => {
      const value = device.value('HardwareID');
      return (value === undefined ? undefined : readTexts(value)) ?? [];
    });
    return (
      ids?.some((id) => /_up$/iu.test(id)) === true &&
      elementData(store, loader, ELEMENT.detectHal)?.[0] !== 1
    );
  });
  if (!isNeeded) return [];
  return [
    {
      what: `Windows looks for the right hardware layer at its start (detecthal), because it was installed on one processor and gets ${machine.cpus}.`,
      why: 'Otherwise it would use one of them only.',
      action: { kind: 'registry', path, changes: [setElement(loader, ELEMENT.detectHal, Uint8Array.of(1))] },
    },
  ];
}
