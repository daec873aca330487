import { describe, expect, it } from 'vitest';
import { guidBytes, readGuid } from '../../../migration-core/base/guid.ts';

describe('GUIDs', () => {
  it('have their first three fields little-endian', () => {
    const bytes = guidBytes('{C12A7328-F81F-11D2-BA4B-00A0C93EC93B}');
    expect(Buffer.from(bytes).toString('hex')).toBe('28732ac11ff8d211ba4b00a0c93ec93b');
    expect(readGuid(bytes, 0)).toBe('C12A7328-F81F-11D2-BA4B-00A0C93EC93B');
  });

  it('are refused when they are none', () => {
    for (const text of ['', 'C12A7328-F81F-11D2-BA4B', 'zz2a7328-f81f-11d2-ba4b-00a0c93ec93b'])
      expect(() => guidBytes(text)).toThrow(TypeError);
  });
});
