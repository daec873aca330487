import { describe, expect, it } from 'vitest';
import { CHANGED } from '../../../migration-core/contract/contract.ts';
import { eventHub, KEPT_EVENTS } from '../../../migration-core/service/events.ts';

describe('the stream of events', () => {
  it('numbers events and tells what was missed, in order, as long as it is kept', () => {
    const hub = eventHub();
    expect(hub.since(0)).toEqual([]);
    for (let i = 1; i <= 2 * KEPT_EVENTS + 7; i++) hub.emit('job-removed', { id: `job-${i}` });
    expect(hub.last).toBe(2007);
    expect(hub.since(2005)).toEqual([
      { number: 2006, event: 'job-removed', data: { id: 'job-2006' } },
      { number: 2007, event: 'job-removed', data: { id: 'job-2007' } },
    ]);
    const all = hub.since(1007);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 1000 }, (_, i) => 1008 + i));
    expect(hub.since(2007)).toEqual([]);
  });

  it('says that everything changed where something is lost, and to one of an earlier run', () => {
    const hub = eventHub();
    for (let i = 1; i <= 1001; i++) hub.emit('job-removed', { id: `job-${i}` });
    const everything = [{ number: 1001, event: 'changed', data: { what: [...CHANGED] } }];
    expect(hub.since(0)).toEqual(everything);
    expect(hub.since(5000)).toEqual(everything);
    expect(hub.since(-1)).toEqual(everything);
    expect(hub.since(1)).toHaveLength(1000);
  });

  it('tells the others when one listener fails, and nobody who has left', () => {
    const faults: unknown[] = [];
    const hub = eventHub((error) => faults.push(error));
    const heard: number[] = [];
    hub.subscribe(() => {
      throw new Error('gone');
    });
    const leave = hub.subscribe(({ number }) => heard.push(number));
    hub.emit('job-removed', { id: 'job-1' });
    leave();
    hub.emit('job-removed', { id: 'job-2' });
    expect(heard).toEqual([1]);
    expect(faults).toHaveLength(2);
  });
});
