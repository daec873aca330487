import { afterEach, describe, expect, it } from 'vitest';
import { answerCall } from '../../electron/answer.ts';
import { calls } from '../../migration-core/contract/contract.ts';
import type { CallDefinition } from '../../migration-core/contract/call.ts';
import { practiceProgram } from '../conformance/practice.ts';

const definition: CallDefinition = calls['app.saveSettings'];
const { needs } = definition;
afterEach(() => {
  definition.needs = needs;
});

const save = (destroy: boolean) => {
  const { handlers, log } = practiceProgram();
  const answering = { handlers, destroy, log, clock: () => 0 };
  return answerCall(answering, 'app.saveSettings', { theme: 'dark' }, new AbortController().signal);
};

describe('calls that destroy', () => {
  it('are refused from a browser with a sentence, unless it was started for them', async () => {
    definition.needs = 'destroy';
    expect(await save(false)).toEqual({
      ok: false,
      error: {
        code: 'WRITE_NOT_ALLOWED',
        message: 'Nothing may be overwritten or removed from a browser.',
        next: 'Start it with `ironlift serve --allow-write`, or use the desktop application.',
        data: {},
      },
    });
    expect(await save(true)).toMatchObject({ ok: true });
  });

  it('are not those that only write', async () => {
    expect(await save(false)).toMatchObject({ ok: true });
  });
});
