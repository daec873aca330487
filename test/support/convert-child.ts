/**
 * A process that converts or goes on with a conversion, to be killed: `node convert-child.ts REQUEST`, JSON. The clock
 * stands still, so that two runs have nothing to differ in.
 */
import { convertServer } from '../../migration-core/convert/convert.ts';
import { resumeConversion } from '../../migration-core/convert/resume.ts';
import type { ConvertOptions } from '../../migration-core/convert/options.ts';

export interface ChildRequest {
  /** Milliseconds since 1970. */
  now: number;
  /** Bytes between checkpoints. */
  distance: number;
  convert?: ConvertOptions;
  /** The folder of a job to go on with. */
  resume?: string;
}

const request = JSON.parse(process.argv[2]!) as ChildRequest;
const world = {
  now: () => request.now,
  version: 'test',
  checkpointDistance: { bytes: request.distance, milliseconds: 1e9 },
  onStep: (sentence: string) => void process.stdout.write(`${sentence}\n`),
};
try {
  if (request.convert !== undefined) await convertServer(request.convert, world);
  else await resumeConversion(request.resume!, world);
} catch (error) {
  process.stderr.write(`${String(error)} ${JSON.stringify(error)}\n`);
  process.exitCode = 1;
}
