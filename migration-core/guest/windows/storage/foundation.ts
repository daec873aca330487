/** Drivers that every way to the disk needs: they start at boot on every Windows that starts, and are put right where they do not. */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { FixPlan } from '../../fixer.ts';
import type { WindowsFacts } from '../facts.ts';
import type { DriverFiles } from './driver-files.ts';
import { ntNumber } from './inbox.ts';
import { controlSetKey } from './control-sets.ts';
import { obstacleOf } from './solve.ts';
import { startChanges } from './service-key.ts';
import { FOUNDATION } from './table.ts';

/** @throws HIVE_DAMAGED where the current control set cannot be read */
export async function foundationPlan(
  windows: WindowsFacts,
  system: Hive,
  files: DriverFiles,
): Promise<FixPlan & { damaged: number[] }> {
  const version = ntNumber(windows.ntVersion);
  const plan: FixPlan & { damaged: number[] } = { edits: [], findings: [], damaged: [] };
  const missing: string[] = [];
  for (const { service, since, until } of FOUNDATION) {
    if (version < ntNumber(since) || version > ntNumber(until)) continue;
    if (system.find(`${controlSetKey(windows.currentControlSet)}\\Services\\${service}`) === undefined) {
      missing.push(service);
      continue;
    }
    const obstacle = await obstacleOf(service, windows, system, files);
    if (obstacle !== null) {
      // Windows stops at a driver that it is to load with its kernel and cannot.
      plan.findings.push(notLoadable(service, obstacle));
      continue;
    }
    const { changes, damaged } = startChanges(windows, system, service);
    plan.damaged.push(...damaged);
    if (changes.length > 0)
      plan.edits.push({
        what: `Windows loads the driver "${service}" together with its kernel.`,
        why: 'Every way to the disk needs it, and it was set to start later or not at all.',
        action: { kind: 'registry', path: windows.hives.system, changes },
        vital: true,
      });
  }
  if (missing.length > 0) plan.findings.push(incomplete(missing));
  return plan;
}

const notLoadable = (service: string, obstacle: string): Finding => ({
  severity: 'blocker',
  code: 'WINDOWS_BOOT_DRIVER_UNUSABLE',
  message: `Windows would not start: every way to the disk needs its driver "${service}", but ${obstacle}.`,
  next: 'Put the file back on the server (sfc /scannow, or from the installation medium of this Windows), and check that the server itself starts from this disk.',
});

const incomplete = (missing: readonly string[]): Finding => ({
  severity: 'warning',
  code: 'WINDOWS_BOOT_STACK_INCOMPLETE',
  message: `The registry of this Windows lacks drivers that it needs to start: ${missing.join(', ')}.`,
  next: 'Check that the server itself starts from this disk.',
});
