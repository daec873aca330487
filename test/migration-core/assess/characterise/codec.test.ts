import { describe, expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import { decodeProfile, encodeProfile } from '../../../../migration-core/assess/characterise/codec.ts';
import { noAbout, noisyMonth, profileOf, readerOf } from '../measured-servers.ts';

const profile = characterise(
  readerOf(noisyMonth(7, 30, 3)),
  noAbout({ toldBackups: [{ startMinute: 5, endMinute: 65, days: [2] }] }),
)!;

describe('a kept profile', () => {
  it('is the same when it comes back, and so are its bytes', () => {
    const bytes = encodeProfile(profile);
    const back = decodeProfile(bytes);
    expect(back).toEqual(profile);
    expect(Buffer.compare(encodeProfile(back!), bytes)).toBe(0);
    expect(bytes.length).toBeLessThan(40_000);
    expect(
      Buffer.compare(
        encodeProfile(
          characterise(
            readerOf(noisyMonth(7, 30, 3)),
            noAbout({ toldBackups: [{ startMinute: 5, endMinute: 65, days: [2] }] }),
          )!,
        ),
        bytes,
      ),
    ).toBe(0);
  });

  it('also without weeks, with rows of zeros, and with hostile names', () => {
    const bare = profileOf({ busiestUplink: { name: '\u001b[31m=cmd()\n<b>', p95: 1, speed: 1e9 } });
    expect(decodeProfile(encodeProfile(bare))).toEqual(bare);
    const idle = characterise(
      readerOf([
        {
          metric: 'cpu.busy',
          samples: [
            [300_000, 0],
            [600_000, -0],
          ],
        },
      ]),
      noAbout(),
    )!;
    expect(decodeProfile(encodeProfile(idle))).toEqual(idle);
  });

  it('of another version, cut, or with a bit turned is computed anew', () => {
    const bytes = encodeProfile(profile);
    expect(decodeProfile(encodeProfile({ ...profile, version: 2 }))).toBeNull();
    for (const length of [0, 3, 15, 16, 500, bytes.length - 1])
      expect(decodeProfile(bytes.subarray(0, length))).toBeNull();
    expect(decodeProfile(Buffer.concat([bytes, Buffer.of(0)]))).toBeNull();
    for (let at = 0; at < bytes.length; at += 97) {
      const turned = bytes.slice();
      turned[at]! ^= 1 << (at % 8);
      expect(decodeProfile(turned)).toBeNull();
    }
  });
});
