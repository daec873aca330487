import { describe, expect, it } from 'vitest';
import {
  isOutdated,
  readSignatures,
  withSignature,
  type GateSignature,
} from '../../../migration-core/plan/waves/signatures.ts';

const signed = (wave: number, gate: string, by = 'Ada'): GateSignature => ({
  ...{ wave, gate, by },
  at: 1,
  servers: [1, 2],
});

describe('signatures of gates', () => {
  it('take the place of an earlier one, and can be taken back', () => {
    const two = withSignature([signed(2, 'backup')], signed(1, 'tests'), signed(1, 'tests'));
    expect(two.signatures.map(({ wave, gate }) => [wave, gate])).toEqual([
      [1, 'tests'],
      [2, 'backup'],
    ]);
    const again = withSignature(two.signatures, signed(1, 'tests'), signed(1, 'tests', 'Bob'));
    expect(again.signatures.map(({ by }) => by)).toEqual(['Bob', 'Ada']);
    expect(withSignature(again.signatures, { wave: 1, gate: 'tests' }, null).signatures).toHaveLength(1);
    expect(readSignatures(JSON.parse(JSON.stringify(again)))).toEqual(again.signatures);
  });

  it('hold for the servers that the wave had', () => {
    const members = (...servers: number[]) => servers.map((server) => ({ server }));
    expect(isOutdated(signed(1, 'x'), members(2, 1))).toBe(false);
    expect(isOutdated(signed(1, 'x'), members(1))).toBe(true);
    expect(isOutdated(signed(1, 'x'), members(1, 3))).toBe(true);
  });

  it.each([null, 7, {}, { version: 2, signatures: [] }, { version: 1, signatures: [{ wave: 'x' }] }])(
    'of a damaged document are none: %j',
    (value) => {
      expect(readSignatures(value)).toEqual([]);
    },
  );
});
