/** Conversions: looked at beforehand, done, continued, taken back, and started for a test. */
import { PAUSE } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { plural } from '../../base/text.ts';
import type { PreviewView } from '../../contract/convert.ts';
import { bootTest, type BootVerdict } from '../../convert/boot-test.ts';
import { checksOf } from '../../convert/checks.ts';
import {
  convertServer,
  previewConversion,
  type ConversionPreview,
  type ConversionResult,
  type ConvertWorld,
} from '../../convert/convert.ts';
import type { ConvertOptions } from '../../convert/options.ts';
import { discardConversion, type Discarded } from '../../convert/discard.ts';
import { resumeConversion } from '../../convert/resume.ts';
import { applyUndo } from '../../convert/undo.ts';
import { forPeople } from '../../guest/windows/path.ts';
import type { Task, TaskWorld } from './table.ts';

function worldOf({ now, version, signal, pause, onStep, onProgress, deviceHelper }: TaskWorld): ConvertWorld {
  // Pausing keeps what is there, and is told apart by its reason; `signal` fires for both.
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort(pause.aborted ? PAUSE : undefined), { once: true });
  pause.addEventListener('abort', () => stop.abort(PAUSE), { once: true });
  return { now, version, signal: stop.signal, onStep, onProgress, deviceHelper };
}

/** A refusal is an answer here: the screen shows what stands in the way. */
export const previewTask: Task<ConvertOptions, PreviewView> = {
  async run(options, world) {
    try {
      return await previewConversion(options, worldOf(world), async (preview) => viewOf(preview));
    } catch (error) {
      if (!isIronliftError(error) || error.kind !== 'refused') throw error;
      const found = Array.isArray(error.data['blockers'])
        ? (error.data['blockers'] as Finding[])
        : [{ severity: 'blocker' as const, code: error.code, message: error.message, next: error.next }];
      return { checks: checksOf(null, found), blocked: true, plan: null };
    }
  },
};

function viewOf(preview: ConversionPreview): PreviewView {
  const { plan, destination, findings } = preview;
  const { machine, target, fixes, hardware, toCopy, needBytes } = plan;
  const windows = preview.server.inspection?.guest.windows;
  return {
    checks: checksOf(preview, findings),
    blocked: findings.some(({ severity }) => severity === 'blocker'),
    plan: {
      machine: {
        name: machine.name,
        cpus: machine.cpus,
        memoryMiB: machine.memoryMiB,
        firmware: machine.firmware,
        disks: machine.disks.map(({ file, format, size, bus, unit }) => ({
          file,
          format,
          bytes: size,
          bus,
          unit,
        })),
        nics: machine.nics.map(({ model, mac, mode, network, vlan, guestName }) => ({
          model,
          mac,
          mode,
          network,
          vlan,
          guestName,
        })),
      },
      hardware,
      changes: fixes.flatMap(({ fixer, edits }) =>
        edits.map(({ what, why, action }) => ({
          fixer,
          what,
          why,
          path: forPeople(windows, action.path),
        })),
      ),
      bytesToCopy: toCopy.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesOfDisks: machine.disks.reduce((sum, { size }) => sum + size, 0),
      needBytes,
      freeBytes: destination.freeBytes,
      folder: destination.folder,
      files: target.configure(machine).map(({ name, content }) => ({ name, content })),
    },
  };
}

export interface ConversionDone {
  folder: string;
  name: string;
  verified: boolean;
  copiedBytes: number;
  skippedBytes: number;
  changes: number;
}

export const convertTask: Task<ConvertOptions, ConversionDone> = {
  async run(options, world) {
    return doneOf(await convertServer(options, worldOf(world)), world);
  },
};

export const resumeTask: Task<{ folder: string }, ConversionDone> = {
  async run({ folder }, world) {
    return doneOf(await resumeConversion(folder, worldOf(world)), world);
  },
};

function doneOf({ folder, manifest }: ConversionResult, world: TaskWorld): ConversionDone {
  for (const { severity, message } of manifest.findings)
    if (severity === 'warning') world.note('warning', message);
  return {
    folder,
    name: manifest.machine.name,
    verified: manifest.disks.every(({ verified }) => verified),
    copiedBytes: manifest.disks.reduce((sum, { dataBytes }) => sum + dataBytes, 0),
    skippedBytes: manifest.disks.reduce((sum, { skippedBytes }) => sum + skippedBytes, 0),
    changes: manifest.edits.length,
  };
}

export const discardTask: Task<{ folder: string }, Discarded> = {
  async run({ folder }, { note, onStep }) {
    onStep('Removing what was written');
    const discarded = await discardConversion(folder).catch((error: unknown) => {
      // Ended before it had written anything: there is nothing to take away.
      if (isIronliftError(error, 'NOT_A_CONVERSION')) return null;
      throw error;
    });
    if (discarded === null) {
      note('info', `Nothing of the job is in ${folder}.`);
      return { folder, removed: [], left: [], folderRemoved: false };
    }
    const { removed, left, folderRemoved } = discarded;
    note('info', `${plural(removed.length, 'file')} of the job removed from ${folder}.`);
    if (folderRemoved) note('info', 'The folder, which the job had made, is gone, too.');
    else if (left.length > 0)
      note(
        'info',
        `Left, because the job did not write it: ${left.slice(0, 5).join(', ')}${left.length > 5 ? ` and ${left.length - 5} more` : ''}.`,
      );
    return discarded;
  },
};

export const undoTask: Task<{ folder: string }, { folder: string }> = {
  async run({ folder }, world) {
    for (const sentence of await applyUndo(folder, worldOf(world))) world.note('warning', sentence);
    return { folder };
  },
};

export interface BootTestInput {
  folder: string;
  timeoutSeconds: number;
  software?: boolean;
}

export const bootTestTask: Task<BootTestInput, BootVerdict> = {
  async run({ folder, timeoutSeconds, software = false }, { now, signal, onStep }) {
    return bootTest({
      folder,
      timeoutSeconds,
      signal,
      now,
      onProgress: onStep,
      ...(software ? { accelerator: 'tcg' } : {}),
    });
  },
};
