/**
 * Restart after a stop error. A virtual machine that restarts by itself shows the stop code for a blink only; until it has started
 * well once, it stands still and shows it. The first good start puts the setting back.
 */
import type { Finding } from '../../../base/finding.ts';
import { dword, readDword } from '../../../registry/types.ts';
import type { FixContext, Fixer, FixPlan } from '../../fixer.ts';
import { leaveStep } from '../first-boot/steps.ts';
import { unlessDamaged } from '../services/service-keys.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';

const BELOW = 'Control\\CrashControl';

export const crashControl: Fixer = {
  id: 'windows-crash-control',
  title: 'Restart after a stop error',
  applies: ({ guest }) => guest.windows !== undefined,
  plan,
};

async function plan({ guest, files, hives }: FixContext): Promise<FixPlan> {
  const windows = guest.windows!;
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const findings: Finding[] = [];
  const sets = windows.controlSets.filter((controlSet) =>
    unlessDamaged(findings, 'what happens after a stop error', false, () => {
      const value = system.find(`${controlSetKey(controlSet)}\\${BELOW}`)?.value('AutoReboot');
      return value !== undefined && readDword(value) === 1;
    }),
  );
  if (sets.length === 0) return { edits: [], findings };
  const what = 'Windows stands still after a stop error until the virtual machine has started well once';
  const why =
    'Should a driver be missing, the stop code stays on the screen instead of an endless chain of restarts';
  const changes = sets.map((set) => setValue(`${controlSetKey(set)}\\${BELOW}`, 'AutoReboot', dword(0)));
  const step = await leaveStep(windows, files, {
    time: 80,
    name: 'crash-control',
    lines: [
      'rem Restart after a stop error, as it was on the server.',
      // Where Windows had to fall back, the set that runs is another than before.
      putBack('CurrentControlSet'),
      ...sets.map((set) => putBack(controlSetKey(set))),
      'exit /b 0',
    ],
    what: 'After its first good start Windows restarts by itself after a stop error again.',
    why: 'This is how the server was set.',
  });
  return {
    edits: [
      { what: `${what} (AutoReboot 0).`, why: `${why}.`, action: { kind: 'registry', path, changes } },
      ...step,
    ],
    findings,
  };
}

/** Nothing is made where the key has gone meanwhile. */
const putBack = (set: string): string => {
  const key = `"HKLM\\SYSTEM\\${set}\\${BELOW}"`;
  const reg = '"%SystemRoot%\\System32\\reg.exe"';
  return `${reg} query ${key} >nul 2>nul && ${reg} add ${key} /v AutoReboot /t REG_DWORD /d 1 /f`;
};
