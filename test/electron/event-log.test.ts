import { describe, expect, it } from 'vitest';
import { EventLog, placeOf, type StreamLine } from '../../electron/event-log.ts';
import { practiceJob } from '../conformance/practice.ts';

const heard = (log: EventLog, place: Parameters<EventLog['follow']>[0]): StreamLine[] => {
  const lines: StreamLine[] = [];
  log.follow(place, (line) => lines.push(line))();
  return lines;
};

describe('the numbered events', () => {
  it('greets with where it is, and tells what was missed', () => {
    const log = new EventLog('run', () => []);
    for (const id of ['a', 'b', 'c']) log.add('job-removed', { id });
    expect(heard(log, null)).toEqual([{ run: 'run', number: 3 }]);
    expect(heard(log, { run: 'run', number: 2 })).toEqual([
      { run: 'run', number: 3 },
      { number: 3, event: 'job-removed', data: { id: 'c' } },
    ]);
  });

  it('keeps of each job the last only, and never loses one of another', () => {
    const log = new EventLog('run', () => []);
    log.add('job', practiceJob('job-2'));
    for (let n = 0; n < 5000; n++) log.add('job', practiceJob('job-1', n));
    const lines = heard(log, { run: 'run', number: 0 });
    expect(
      lines.slice(1).map((line) => ('data' in line ? (line.data as { id: string; result: unknown }) : null)),
    ).toMatchObject([{ id: 'job-2' }, { id: 'job-1', result: 4999 }]);
  });

  it.each([
    ['another run', { run: 'before', number: 1 }],
    ['a number that is not yet', { run: 'run', number: 99_999 }],
    ['a number from below none', { run: 'run', number: -1 }],
  ])('brings who comes from %s up to date from nothing', (_name, place) => {
    const log = new EventLog('run', () => [practiceJob('job-7')]);
    log.add('changed', { what: ['plan'] });
    const [greeting, changed, job, ...more] = heard(log, place);
    expect(greeting).toEqual({ run: 'run', number: 1 });
    expect(changed).toMatchObject({ number: 0, event: 'changed' });
    expect(job).toMatchObject({ number: 0, event: 'job', data: { id: 'job-7' } });
    expect(more).toEqual([]);
  });

  it.each([
    [null],
    ['x'],
    [7],
    [[]],
    [{}],
    [{ run: 1, number: 1 }],
    [{ run: 'run', number: 1.5 }],
    [{ run: 'run', number: '1' }],
  ])('reads %j as no place at all', (said) => {
    expect(placeOf(said)).toBeNull();
  });
});
