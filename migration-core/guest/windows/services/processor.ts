/**
 * Drivers of the old server's processors. One that starts whatever the processor is, as on XP and Server 2003, meets the
 * processor of the virtualization host, which may be of another maker and offers no power states: a stop 0x7E or a hang
 * (Microsoft KB 888372). From Vista on Windows binds them to a processor of their maker, so those that wait for theirs are left.
 */
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit } from '../../fixer.ts';
import type { WindowsFacts, WindowsService } from '../facts.ts';
import { isAtLeast } from './catalogue.ts';
import { DISABLED, called, startInWords, switchOffChanges, unlessDamaged } from './service-keys.ts';

/** Processor drivers of cpu.inf, from XP to Windows 11; `processor` is the one for any maker. */
const PROCESSORS = new Set(['intelppm', 'amdppm', 'p3', 'amdk6', 'amdk7', 'amdk8', 'crusoe', 'processor']);

/** Filters of AGP bridges of machine.inf, XP and 2003: they stop at a bridge that is not theirs (known as the hang at agp440.sys). */
const AGP_FILTERS = new Set([
  'agp440',
  'agpcpq',
  'alim1541',
  'amdagp',
  'gagp30kx',
  'intelagp',
  'nv_agp',
  'sisagp',
  'uagp35',
  'viaagp',
  'viaagp1',
]);

export const processor: Fixer = {
  id: 'windows-processor',
  title: 'Processor drivers',
  applies: ({ guest }) => guest.windows !== undefined,
  plan,
};

async function plan({ guest, hives }: FixContext): Promise<FixPlan> {
  const windows = guest.windows!;
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];
  for (const service of windows.services) {
    const why = reason(windows, service);
    if (why === null) continue;
    const changes = unlessDamaged(findings, `the service ${service.name}`, [], () =>
      switchOffChanges(windows, system, service.name),
    );
    if (changes.length === 0) continue;
    const subject = called(service);
    edits.push({
      what: `${subject[0]!.toUpperCase()}${subject.slice(1)} is switched off; it started ${startInWords(service.start)}.`,
      why,
      action: { kind: 'registry', path, changes },
    });
  }
  return { edits, findings };
}

/** One sentence why it has to go; null where it may stay. */
function reason({ ntVersion }: WindowsFacts, { name, start }: WindowsService): string | null {
  if (start === DISABLED) return null;
  const isOld = !isAtLeast(ntVersion, 6, 0);
  const lower = name.toLowerCase();
  const startsAlways = start !== null && start < 3;
  if (PROCESSORS.has(lower) && (isOld || startsAlways))
    return 'The processor of the virtualization host may be of another maker, and a virtual one has no power states; such a driver then stops Windows.';
  if (AGP_FILTERS.has(lower) && isOld && startsAlways)
    return 'The virtual machine has no such AGP bridge, and Windows of this age hangs when the filter meets another one.';
  return null;
}
