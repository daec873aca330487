/**
 * What a conversion does of a Windows server before its first block is copied, and its undo: opens the disk, inspects, plans
 * for KVM, applies all changes to the overlay and takes them back. `node windows-part.ts DISK`
 */
import { strict as assert } from 'node:assert';
import { openServer } from '../../migration-core/convert/server.ts';
import { planConversion } from '../../migration-core/convert/plan.ts';
import { targetById } from '../../migration-core/target/table.ts';
import { applyEdits } from '../../migration-core/guest/apply.ts';
import { invertEdits } from '../../migration-core/guest/apply-undo.ts';
import { convertOptions } from '../support/convert-options.ts';

const now = 1_800_000_000;
const server = await openServer([process.argv[2]!], { now });
try {
  const { fixes } = await planConversion(
    server,
    targetById('kvm')!,
    convertOptions(process.argv[2]!, 'kvm'),
    {
      largestFile: Infinity,
    },
  );
  const edits = fixes.flatMap((fix) => fix.edits);
  assert(edits.length > 5);
  const { tree } = server.inspection!;
  const records = await applyEdits(tree, edits, { now });
  await applyEdits(tree, invertEdits(records), { now: now + 60, takesBack: true });
} finally {
  await server.close();
}
