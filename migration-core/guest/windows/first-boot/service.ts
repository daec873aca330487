/**
 * What runs the steps that the other fixers left, once, without a program of anybody else.
 *
 * A service of its own, whose program is the cmd.exe of Windows: it starts the runner in the background and ends. Why this and no
 * other way:
 * - It is there in every Windows from XP to Server 2025, is six values in the SYSTEM hive, and runs as LocalSystem before anybody
 *   logs on. The service manager waits for an answer that cmd.exe does not give, 30 seconds at most (error 1053, as
 *   juliourena/SharpNoPSExec issue 3 shows for Server 2019 with a command line of this kind), ends the process it started itself, and
 *   goes on; a child of it lives on, which is what psexec_psh of Metasploit depends on (`%COMSPEC% /b /c start /b /min ...`).
 * - ErrorControl 0: no message box at the console of XP and 2003 says that a service did not start, and no start is counted as failed.
 * - Automatic services do not run in safe mode, so that a way in is left.
 * - `Setup\CmdLine` with SetupType 2 would run before logon, and a step that hangs would keep everybody out; the program of Windows
 *   that runs it takes the machine for one that is being installed.
 * - Scheduled tasks are a binary file up to 2003, and XML with a signature in the SOFTWARE hive later; start scripts of Group Policy
 *   wait for the network and delay the logon; RunOnce waits for an administrator.
 *
 * What can go wrong: rules against scripts (AppLocker lets those below the folder of Windows run, by its default rules), or a virus
 * scanner that knows such command lines from attackers. Then the server starts as it is, and an administrator runs the runner by hand;
 * the finding says so.
 */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import { dword, expandText, text, type TypedData } from '../../../registry/types.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit, GuestReader } from '../../fixer.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';
import { LOG, RUNNER, SERVICE, STARTS, TRIES, runnerText } from './runner.ts';
import { stepsFolder } from './steps.ts';

export const firstBoot: Fixer = {
  id: 'windows-first-boot',
  title: 'Work of the first start',
  applies: ({ guest, hives }) => guest.windows !== undefined && hives !== undefined,
  plan,
};

const IN_WINDOWS = '%SystemRoot%\\Ironlift\\FirstBoot';
const CMD = '%SystemRoot%\\System32\\cmd.exe /d /c';

const SERVICE_VALUES: readonly (readonly [name: string, data: TypedData])[] = [
  // A program of its own, started with Windows; errors are passed over.
  ['Type', dword(0x10)],
  ['Start', dword(2)],
  ['ErrorControl', dword(0)],
  ['ImagePath', expandText(`${CMD} start "" /b ${CMD} "${IN_WINDOWS}\\${RUNNER}"`)],
  ['DisplayName', text('Ironlift: work of the first start')],
  ['ObjectName', text('LocalSystem')],
];

async function plan({ guest, files, hives }: FixContext): Promise<FixPlan> {
  const windows = guest.windows!;
  const folder = stepsFolder(windows);
  const steps = (await files.list(folder)).filter((name) => /^\d\d-.*\.cmd$/.test(name));
  if (steps.length === 0) return { edits: [], findings: [] };

  const edits: GuestEdit[] = [];
  const runner = Buffer.from(runnerText(), 'ascii');
  const path = `${folder}/${RUNNER}`;
  if (!(await holds(files, path, runner)))
    edits.push({
      what: `A batch file is added that does the work of the first start, in the order of its steps: ${steps.join(', ')} (${path}).`,
      why: `Each step is logged in ${folder}/${LOG}; a step that fails is passed over, and one that is not finished is tried again at the next start, ${TRIES} times at most.`,
      action: { kind: 'write', path, content: runner },
    });
  const system = await hives!.hive(windows.hives.system);
  const changes = windows.controlSets.flatMap((set) => serviceChanges(system, controlSetKey(set)));
  if (changes.length > 0)
    edits.push({
      what: `The service "${SERVICE}" is added, which runs this batch file in the background when Windows starts.`,
      why: `It removes itself, and all of it but the log, when the work is done, or after ${STARTS} starts.`,
      action: { kind: 'registry', path: windows.hives.system, changes },
    });
  return { edits, findings: [workLeft(folder)] };
}

const workLeft = (folder: string): Finding => ({
  severity: 'info',
  code: 'FIRST_START_WORK',
  message: `Some work is left for the first start of the new machine; it is done a minute or more after Windows has started, and logged in ${folder}/${LOG}. The event log may say that the service ${SERVICE} did not answer, and a virus scanner may report the command line of the service; both are of no matter.`,
  next: `Read the log after the first start; where it is missing after ten minutes, run ${RUNNER} in this folder as an administrator.`,
});

async function holds(files: GuestReader, path: string, content: Uint8Array): Promise<boolean> {
  const there = await files.stat(path);
  if (there?.type !== 'file' || there.size !== content.length) return false;
  return Buffer.from(await files.readFile(path, content.length)).equals(content);
}

function serviceChanges(system: Hive, controlSet: string): RegistryChange[] {
  const path = `${controlSet}\\Services\\${SERVICE}`;
  const key = system.find(path);
  return SERVICE_VALUES.flatMap(([name, data]) => {
    const value = key?.value(name);
    const same = value?.type === data[0] && Buffer.from(value.data).equals(data[1]);
    return same ? [] : [setValue(path, name, data)];
  });
}
