import { describe, expect, it } from 'vitest';
import { GATES } from '../../../../migration-core/assess/gates/table.ts';
import { assessCase, type Case } from '../support.ts';
import { CASES } from './cases.ts';

const gateOf = (id: string, given: Case) => assessCase(given).gates.find((gate) => gate.id === id);

describe('the table of gates', () => {
  it('has every blocker, warning and note of the assessment model, each once', () => {
    const ids = GATES.map(({ id }) => id);
    const range = (letter: string, last: number) =>
      Array.from({ length: last }, (_, at) => `${letter}${at + 1}`);
    expect(ids).toEqual([...range('B', 9), ...range('W', 25), ...range('I', 4)]);
    expect(Object.keys(CASES).sort()).toEqual([...ids].sort());
  });

  it('finds nothing at all at a plain server of which everything is known', () => {
    expect(assessCase().gates).toEqual([]);
  });
});

describe.each(GATES)('$id $title', ({ id, severity }) => {
  const { fires, unknown, silent = [] } = CASES[id]!;

  it.each(fires)('fires: $name', (given) => {
    const gate = gateOf(id, given);
    expect(gate?.because).toBe(given.because);
    expect(gate?.severity).toBe(given.severity ?? severity);
    expect(gate?.fix).toMatch(/^[A-Z].*\.$/u);
    expect(gate?.unknown).toBeUndefined();
    expect(gate?.met).toBe(false);
    if (given.fixable !== undefined) expect(gate?.fixable).toBe(given.fixable);
  });

  it.each(silent)('is silent: $name', (given) => {
    expect(gateOf(id, given)).toBeUndefined();
  });

  it.each(unknown)('is unknown: $what', (given) => {
    const gate = gateOf(id, given);
    expect(gate?.unknown).toBe(given.what);
    expect(gate?.severity).toBe(given.severity);
    expect(gate?.because).toMatch(/not known|Nobody has said/u);
    expect(gate?.fix).toMatch(/^[A-Z].*\.$/u);
  });

  it('is seen to once it is ticked off, if it can be', () => {
    const [given] = [...fires, ...unknown];
    const gate = gateOf(id, { ...given, annotations: { ...given?.annotations, conditionsMet: [id] } });
    expect(gate?.met).toBe(gate?.fixable);
    if (gate?.fixable === false)
      expect(gate.evidence).toContain(
        'It was ticked off, which does not lift it: decide otherwise by an override with a reason.',
      );
  });
});

describe('what a gate says where a part was not seen', () => {
  it('is why the collector could not see it, and what would show it', () => {
    const gate = gateOf('B3', {
      inventory: {
        devices: undefined,
        gaps: [{ part: 'devices', why: 'lspci was not there.', next: 'Install pciutils and collect again.' }],
      },
    });
    expect(gate?.because).toBe(
      'Whether it has cards that no virtual machine has is not known: the devices on its buses of this server were not seen.',
    );
    expect(gate?.fix).toBe('Install pciutils and collect again.');
    expect(gate?.evidence).toEqual(['lspci was not there.']);
  });
  it('speaks of one system as of one', () => {
    expect(gateOf('W7', { inventory: { firmware: undefined } })?.because).toBe(
      'Whether it starts by UEFI with Secure Boot is not known: the firmware of this server was not seen.',
    );
  });
});
