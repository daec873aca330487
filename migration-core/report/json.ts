/** The report for programs; what it looks like is told by json-model.ts and the published schema. */
import type { ReportWriter } from './writer.ts';
import { JSON_FORMAT, JSON_VERSION } from './json-model.ts';

export const writeJson = (async (report) =>
  new TextEncoder().encode(
    `${JSON.stringify({ format: JSON_FORMAT, version: JSON_VERSION, ...report }, inJson, 1)}\n`,
  )) satisfies ReportWriter;

/** Numbers that JSON has no word for were not measured; half characters are none; pictures are base64. */
function inJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  // Of a Buffer, `value` is what it says of itself already.
  const own = this[key];
  if (own instanceof Uint8Array) return Buffer.from(own).toString('base64');
  return value;
}
