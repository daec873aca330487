import { describe, expect, it } from 'vitest';
import { EventStream, placeOf, type StreamLine } from '../../electron/event-stream.ts';
import { eventHub } from '../../migration-core/service/events.ts';
import { practiceJob } from '../conformance/practice.ts';

const heard = (stream: EventStream, place: Parameters<EventStream['follow']>[0]): StreamLine[] => {
  const lines: StreamLine[] = [];
  stream.follow(place, (line) => lines.push(line))();
  return lines;
};

describe('the stream of events', () => {
  it('greets with where it is, and tells what was missed', () => {
    const hub = eventHub();
    const stream = new EventStream('run', hub, () => []);
    for (const id of ['a', 'b', 'c']) hub.emit('job-removed', { id });
    expect(heard(stream, null)).toEqual([{ run: 'run', number: 3 }]);
    expect(heard(stream, { run: 'run', number: 2 })).toEqual([
      { run: 'run', number: 3 },
      { number: 3, event: 'job-removed', data: { id: 'c' } },
    ]);
    expect(stream.followers).toBe(0);
  });

  it.each([
    ['another run', { run: 'before', number: 2 }],
    ['a number that is not yet', { run: 'run', number: 99_999 }],
    ['a number from below none', { run: 'run', number: -1 }],
    ['a number that is kept no longer', { run: 'run', number: 0 }],
  ])('brings who comes from %s up to date from nothing', (_name, place) => {
    const hub = eventHub();
    const stream = new EventStream('run', hub, () => [practiceJob('job-7')]);
    for (let n = 0; n < 1200; n++) hub.emit('changed', { what: ['plan'] });
    const [greeting, changed, job, ...more] = heard(stream, place);
    expect(greeting).toEqual({ run: 'run', number: 1200 });
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
