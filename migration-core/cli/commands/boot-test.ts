import type { Command } from '../commands.ts';
import { ProgressLine, wrap } from '../terminal.ts';
import { IronliftError } from '../../base/errors.ts';
import { conversionFolder } from './conversion-folder.ts';

export const bootTestCommand: Command = {
  help: `Usage: ironlift boot-test DIR [--qemu PATH] [--timeout SECONDS] [--accel kvm|tcg|...] [--json]

Starts the finished machine in DIR in QEMU, on the virtual hardware of its target, on a network that leads nowhere and
on throw-away copies of its disks. Waits for the login prompt or a screen that no longer changes. The verdict, the log
of the serial console and a picture of the screen go into DIR/boot-test.

  --qemu PATH        the QEMU program to use (otherwise the one on the path)
  --timeout SECONDS  how long to wait; 300 unless told
  --accel NAME       force an accelerator instead of the best one that works
  --json             print one JSON document`,
  options: { qemu: { type: 'string' }, timeout: { type: 'string' }, accel: { type: 'string' } },
  async run({ values, positionals }, world) {
    const folder = conversionFolder('boot-test', positionals, 'finished conversion');
    const timeout = Number(values['timeout'] ?? 300);
    if (!Number.isFinite(timeout) || timeout <= 0) {
      throw new IronliftError('USAGE', '--timeout takes a number of seconds above 0.', {
        next: 'Give for example --timeout 300.',
      });
    }
    const { bootTest } = await import('../../convert/boot-test.ts');
    const line = new ProgressLine(world);
    const verdict = await bootTest({
      folder,
      timeoutSeconds: timeout,
      signal: world.signal,
      onProgress: (text) => line.say(text),
      ...(typeof values['qemu'] === 'string' ? { qemu: values['qemu'] } : {}),
      ...(typeof values['accel'] === 'string' ? { accelerator: values['accel'] } : {}),
    });
    line.clear();
    if (values['json'] === true) world.out(`${JSON.stringify(verdict, null, 2)}\n`);
    else world.out(`${wrap(verdict.sentence, world.columns, '')}\nLog and picture: ${folder}/boot-test\n`);
    return verdict.status === 'failed' ? 1 : 0;
  },
};
