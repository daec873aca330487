/** What a test boot says, in sentences. */
import type { Ending, Watched } from './watch.ts';

export interface BootVerdict {
  /** `unclear`: no sign either way; a person has to look at the picture. */
  status: 'booted' | 'failed' | 'unclear';
  /** One or two sentences: what happened. */
  sentence: string;
  /** One sentence: what to do. */
  next: string;
  /** Sign.id, or the kind of the ending: AT_REST, TIME_UP, RESTARTS, SWITCHED_OFF, QEMU_ENDED. */
  sign: string;
  /** The line that decided, and where it was written; null where no line did. */
  evidence: { where: 'serial' | 'screen'; line: string } | null;
  /** From switching on to the sign. */
  seconds: number;
  /** Anything else to know: units that failed, where the test differs from the platform. */
  notes: string[];
  accelerator: string;
  qemu: { path: string; version: string };
  target: string;
  machine: { firmware: string; cpus: number; memoryMiB: number; disks: string[]; nics: string[] };
  /** ISO 8601. */
  started: string;
  /** Files within the folder of the conversion. */
  files: { serialLog: string; screen: string | null };
}

type Judgement = Pick<BootVerdict, 'status' | 'sentence' | 'next' | 'sign' | 'evidence'>;

const LOOK = 'Look at boot-test/screen.png and the end of boot-test/serial.log.';

export function judge(ending: Ending, seconds: number, emulated: boolean): Judgement {
  const after = `after ${Math.round(seconds)} seconds`;
  switch (ending.kind) {
    case 'sign': {
      const { sign, line } = ending.seen;
      const sentence = {
        booted: `The machine boots: ${after} it asked for a login.`,
        failed: `The machine does not boot. ${sign.meaning}`,
        unclear: `Whether the machine boots was not found out. ${sign.meaning}`,
      }[sign.status];
      return {
        status: sign.status,
        sentence,
        next: sign.next,
        sign: sign.id,
        evidence: { where: ending.where, line },
      };
    }
    case 'at-rest':
      return {
        status: 'unclear',
        sentence: `The screen has not changed for ${Math.round(ending.forSeconds)} seconds and the machine is idle, but nothing on it or on the serial console says that it is up.`,
        next: 'Look at boot-test/screen.png: a desktop or a login window means that the machine boots.',
        sign: 'AT_REST',
        evidence: null,
      };
    case 'stuck':
      return {
        status: 'unclear',
        sentence: `Nothing has changed for ${Math.round(ending.forSeconds)} seconds although the machine is busy.`,
        next: 'Run the test again with --accel tcg.',
        sign: 'STUCK',
        evidence: null,
      };
    case 'time-up': {
      const what = ending.waiting?.meaning ?? 'Nothing says that it is up, and nothing says that it failed.';
      return {
        status: ending.waiting === null ? 'unclear' : 'failed',
        sentence: `The machine did not ask for a login within ${Math.round(seconds)} seconds. ${what}`,
        next: emulated
          ? `${LOOK} If it was still on its way, give it more time with --timeout.`
          : `${LOOK} If the picture is empty, try --accel tcg.`,
        sign: 'TIME_UP',
        evidence: ending.last,
      };
    }
    case 'restarts':
      return {
        status: 'failed',
        sentence: `The machine does not boot: it restarted ${ending.count} times.`,
        next: LOOK,
        sign: 'RESTARTS',
        evidence: null,
      };
    case 'switched-off':
      return {
        status: 'failed',
        sentence: `The machine switched itself off ${after}.`,
        next: LOOK,
        sign: 'SWITCHED_OFF',
        evidence: null,
      };
    case 'qemu-ended':
      return {
        status: 'unclear',
        sentence: `QEMU itself ended ${after}, which says nothing about the machine: ${ending.reason.slice(-300)}`,
        next: emulated
          ? 'Run the test again with another version of QEMU (--qemu).'
          : 'Run the test again with --accel tcg.',
        sign: 'QEMU_ENDED',
        evidence: null,
      };
  }
}

export function notesOf({ failedUnits }: Watched): string[] {
  return failedUnits.map((unit) => `The system reported while starting: ${unit}.`);
}
