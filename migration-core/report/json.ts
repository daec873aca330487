/** The report for programs; what it looks like is told by json-model.ts and the published schema. */
import type { ReportWriter } from './writer.ts';
import type { Report, Section } from './model.ts';
import { JSON_FORMAT, JSON_VERSION } from './json-model.ts';

export const writeJson = (async (report) =>
  Buffer.concat([...textOf(report)].map((text) => Buffer.from(text, 'utf8')))) satisfies ReportWriter;

/** Section by section: as one text, a report of a thousand servers would be in the memory three times. */
function* textOf({ sections, ...head }: Report): Generator<string> {
  yield `${JSON.stringify({ format: JSON_FORMAT, version: JSON_VERSION, ...head }, inJson).slice(0, -1)},`;
  yield* sectionsText(sections);
  yield '}\n';
}

function* sectionsText(all: readonly Section[]): Generator<string> {
  yield '"sections":[';
  for (const [at, { sections, ...head }] of all.entries()) {
    yield `${at === 0 ? '' : ','}${JSON.stringify(head, inJson).slice(0, -1)},`;
    yield* sectionsText(sections);
    yield '}';
  }
  yield ']';
}

/** Numbers that JSON has no word for were not measured; half characters are none; pictures are base64. */
function inJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  // Of a Buffer, `value` is what it says of itself already.
  const own = this[key];
  if (own instanceof Uint8Array) return Buffer.from(own).toString('base64');
  return value;
}
