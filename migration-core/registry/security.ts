/** Security cells: descriptors that keys share, counted, in a ring of both directions. */
import { damaged } from './errors.ts';
import type { CellStore } from './cells.ts';
import { NK, SK, signatureAt, letters } from './layout.ts';

const WHAT = 'the security of a key';

/** A copy of the security descriptor (self-relative, as Windows defines it). */
export function readDescriptor(cells: CellStore, cell: number): Uint8Array<ArrayBuffer> {
  const at = cells.record(cell, 'sk', SK.descriptor, WHAT);
  const size = cells.view.getUint32(at + SK.size, true);
  cells.data(cell, SK.descriptor + size, WHAT);
  return cells.bytes.slice(at + SK.descriptor, at + SK.descriptor + size);
}

/** One key more uses the cell. */
export function shareSecurity(cells: CellStore, cell: number): void {
  const at = cells.record(cell, 'sk', SK.descriptor, WHAT);
  const references = cells.view.getUint32(at + SK.references, true);
  if (references >= 0xfffffffe) throw damaged('a security cell counts more keys than there can be', { cell });
  cells.u32(at + SK.references, references + 1);
}

/** One key less uses the cell; with the last one it leaves the ring and is freed. */
export function leaveSecurity(cells: CellStore, cell: number, key: number): void {
  const at = cells.record(cell, 'sk', SK.descriptor, WHAT);
  const references = cells.view.getUint32(at + SK.references, true);
  if (references > 1) {
    cells.u32(at + SK.references, references - 1);
    return;
  }
  // Counts of hives in the field are sometimes too low: who frees by them takes the security of other keys away.
  const users = countUsers(cells, cell, key);
  if (users > 0) {
    cells.u32(at + SK.references, users);
    return;
  }
  const next = cells.view.getUint32(at + SK.next, true);
  const previous = cells.view.getUint32(at + SK.previous, true);
  if (next !== cell || previous !== cell) {
    const nextAt = cells.record(next, 'sk', SK.descriptor, 'the next security cell');
    const previousAt = cells.record(previous, 'sk', SK.descriptor, 'the previous security cell');
    if (
      cells.view.getUint32(nextAt + SK.previous, true) !== cell ||
      cells.view.getUint32(previousAt + SK.next, true) !== cell
    )
      throw damaged('the ring of security cells is broken', { cell });
    cells.u32(previousAt + SK.next, next);
    cells.u32(nextAt + SK.previous, previous);
  }
  cells.release(cell, WHAT);
}

/** Cells that look like keys and name this security, without `key`: never fewer than there are. */
function countUsers(cells: CellStore, security: number, key: number): number {
  let users = 0;
  for (const { cell, size, free } of cells.cells()) {
    if (free || cell === key || size < NK.name + 4) continue;
    const at = cells.data(cell, NK.name, 'a key');
    if (signatureAt(cells.bytes, at, 2) === 'nk' && cells.view.getUint32(at + NK.security, true) === security)
      users++;
  }
  return users;
}

/**
 * The cell of the ring that `member` is in with this very descriptor, or a new one behind `member`; its count is raised by
 * one.
 */
export function securityWith(cells: CellStore, member: number, descriptor: Uint8Array): number {
  const seen = new Set<number>();
  for (let cell = member; !seen.has(cell);) {
    seen.add(cell);
    if (Buffer.compare(readDescriptor(cells, cell), descriptor) === 0) {
      shareSecurity(cells, cell);
      return cell;
    }
    cell = cells.view.getUint32(cells.data(cell, SK.descriptor, WHAT) + SK.next, true);
  }
  const made = cells.allocate(SK.descriptor + descriptor.length);
  const before = cells.record(member, 'sk', SK.descriptor, WHAT);
  const next = cells.view.getUint32(before + SK.next, true);
  const nextAt = cells.record(next, 'sk', SK.descriptor, 'the next security cell');
  const at = cells.data(made, SK.descriptor + descriptor.length, WHAT);
  cells.put(at, letters('sk'));
  cells.u32(at + SK.next, next);
  cells.u32(at + SK.previous, member);
  cells.u32(at + SK.references, 1);
  cells.u32(at + SK.size, descriptor.length);
  cells.put(at + SK.descriptor, descriptor);
  cells.u32(before + SK.next, made);
  cells.u32(nextAt + SK.previous, made);
  return made;
}
