/** The QEMU machine protocol over the program's standard input and output: one JSON object a line (QEMU docs/interop/qmp-spec). */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { IronliftError } from '../../base/errors.ts';

export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
}

export interface Qmp {
  /** Runs one command; resolves to what it returns. @throws QEMU_FAILED */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Everything the machine reported of its own accord, in order. Grows while it runs. */
  readonly events: readonly QmpEvent[];
}

const ANSWER_SECONDS = 30;
/** A machine that resets in a tight loop must not fill our memory. */
const MOST_EVENTS = 10_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** Greets QEMU and returns the protocol, ready for commands. @throws QEMU_FAILED when QEMU ends or says nothing. */
export async function openQmp(output: Readable, input: Writable): Promise<Qmp> {
  const waiting = new Map<number, Waiting>();
  const events: QmpEvent[] = [];
  let nextId = 1;
  let ended = false;

  const failEverything = (): void => {
    ended = true;
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(qemuFailed('QEMU ended while it was being asked something.'));
    }
    waiting.clear();
  };
  // A pipe that breaks when QEMU dies is the same end.
  input.on('error', failEverything);
  output.on('error', failEverything);
  createInterface({ input: output })
    .on('close', failEverything)
    .on('line', (line) => {
      const message = parseObject(line);
      if (typeof message['event'] === 'string') {
        if (events.length < MOST_EVENTS)
          events.push({ event: message['event'], data: objectOf(message['data']) });
        return;
      }
      const id = 'QMP' in message ? 0 : message['id'];
      const one = typeof id === 'number' ? waiting.get(id) : undefined;
      if (one === undefined) return;
      waiting.delete(id as number);
      clearTimeout(one.timer);
      const { desc } = objectOf(message['error']);
      if ('error' in message)
        one.reject(
          qemuFailed(`QEMU refused a command: ${typeof desc === 'string' ? desc : 'no reason given'}.`),
        );
      else one.resolve(message['return'] ?? message['QMP']);
    });

  const wait = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(qemuFailed('QEMU has ended.'));
        return;
      }
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(qemuFailed(`QEMU gave no answer for ${ANSWER_SECONDS} seconds.`));
      }, ANSWER_SECONDS * 1000);
      waiting.set(id, { resolve, reject, timer });
    });

  const execute: Qmp['execute'] = (command, args) => {
    const id = nextId++;
    const answer = wait(id);
    if (!ended)
      input.write(
        `${JSON.stringify({ execute: command, id, ...(args === undefined ? {} : { arguments: args }) })}\n`,
      );
    return answer;
  };

  await wait(0);
  await execute('qmp_capabilities');
  return { execute, events };
}

export function qemuFailed(message: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('QEMU_FAILED', message, {
    next: 'Run the test again; if it fails the same way, start the machine on its platform instead.',
    data,
  });
}

function parseObject(line: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return {};
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
