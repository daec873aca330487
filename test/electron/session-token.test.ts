import { describe, expect, it } from 'vitest';
import { CODE_LIFE, FAILURE_DELAY, SessionToken } from '../../electron/host/session-token.ts';

function token() {
  let time = 0;
  let secrets = 0;
  const waits: number[] = [];
  return {
    waits,
    pass: (milliseconds: number) => (time += milliseconds),
    made: new SessionToken({
      secret: () => `secret-${secrets++}`,
      clock: () => time,
      wait: async (milliseconds) => void waits.push(milliseconds),
    }),
  };
}

describe('the code and the token', () => {
  it('gives the token once for the code', async () => {
    const { made } = token();
    const code = made.newCode();
    expect(await made.exchange(code)).toBe('secret-0');
    expect(await made.exchange(code)).toBeNull();
    expect(await made.holds('Bearer secret-0')).toBe(true);
  });

  it('gives nothing after a minute', async () => {
    const { made, pass } = token();
    const code = made.newCode();
    pass(CODE_LIFE + 1);
    expect(await made.exchange(code)).toBeNull();
    const fresh = made.newCode();
    pass(CODE_LIFE);
    expect(await made.exchange(fresh)).toBe('secret-0');
  });

  it('lets the code before die when there is a new one', async () => {
    const { made } = token();
    const old = made.newCode();
    made.newCode();
    expect(await made.exchange(old)).toBeNull();
  });

  it('keeps the code alive when somebody guesses', async () => {
    const { made } = token();
    const code = made.newCode();
    for (const guess of ['', 'x', 7, null, undefined, {}, code.slice(1)])
      expect(await made.exchange(guess)).toBeNull();
    expect(await made.exchange(code)).toBe('secret-0');
  });

  it.each([
    undefined,
    '',
    'secret-0',
    'Basic secret-0',
    'Bearer',
    'Bearer ',
    'Bearer secret-0 ',
    'bearer secret-0',
    'Bearer secret-1',
  ])('takes %j for no token', async (given) => {
    expect(await token().made.holds(given)).toBe(false);
  });

  it('lets each failure after the tenth wait a second, and the right token never', async () => {
    const { made, waits } = token();
    for (let n = 0; n < 10; n++) await made.holds('Bearer wrong');
    expect(waits).toEqual([]);
    await made.holds('Bearer wrong');
    await made.exchange('wrong');
    expect(waits).toEqual([FAILURE_DELAY, FAILURE_DELAY]);
    expect(await made.holds('Bearer secret-0')).toBe(true);
    expect(waits).toHaveLength(2);
  });
});
