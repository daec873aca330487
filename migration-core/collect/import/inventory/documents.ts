/**
 * JSON documents of configuration tools: one in a file, several in a row (one host each, with the host before it, as
 * ansible prints them), or one in each file of a folder. A document that is not whole costs itself.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { ServerInventory } from '../../../store/model/inventory.ts';
import type { CollectedItem, Importer, ImportInput } from '../../collector.ts';
import { isFields, type Fields } from '../../values.ts';
import { decodeHead, decodeText, gather } from './gather.ts';
import { excerpt } from './lines.ts';

/** Facts of one host are 100 to 300 KiB; of a whole estate in one file, a hundred of those. */
const MAX_FILE = 48 << 20;
const MAX_DOCUMENTS = 10_000;

export interface FactTool {
  id: string;
  name: string;
  /** How sure it is, from the beginning of a document. */
  looksLike(head: string): 0 | 1 | 2 | 3;
  /** @param label what stands before the document, or the name of its file @returns null where it is of something else */
  read(document: Fields, label: string): ServerInventory | null;
}

/** When the facts were gathered, where they say it: milliseconds since 1970. */
export type ObservedAt = (document: Fields) => number | undefined;

export function factImporter(tool: FactTool, observedAt: ObservedAt = () => undefined): Importer {
  return {
    id: tool.id,
    name: tool.name,
    recognise(input) {
      // Only the files of a folder could tell; it is chosen by what ansible and its like name them.
      if (input.isFolder) return 0;
      const head = decodeHead(input.head);
      return head.includes('{') ? tool.looksLike(head) : 0;
    },
    async *read(input, options): AsyncGenerator<CollectedItem> {
      let found = 0;
      let done = 0;
      for (const entry of input.isFolder ? [...input.entries].sort() : [undefined]) {
        throwIfCancelled(options.signal);
        const bytes = await gather(input, entry, MAX_FILE, options.signal);
        for (const { at, label, document, problem } of documentsOf(decodeText(bytes))) {
          const name = label === '' ? (entry ?? '').replace(/\.json$/iu, '') : label;
          const inventory = document === undefined ? null : tool.read(document, options.serverName ?? name);
          if (inventory === null || document === undefined)
            yield problemItem(at, problem ?? 'The document is not of this tool.', name);
          else {
            found++;
            yield { kind: 'inventory', inventory, observedAt: observedAt(document) ?? options.now() };
          }
        }
        done += bytes.length;
        yield { kind: 'position', doneBytes: Math.min(done, input.size) };
      }
      if (found === 0) throw nothing(input, tool);
    },
  };
}

const problemItem = (at: number, message: string, label: string): CollectedItem => ({
  kind: 'problem',
  problem: { at, unit: 'record', message, ...(label === '' ? {} : { excerpt: excerpt(label) }) },
});

const nothing = (input: ImportInput, tool: FactTool): IronliftError =>
  new IronliftError('IMPORT_DAMAGED', `${input.name} holds no server: ${tool.name} was expected.`, {
    next: 'Collect it again, and keep the output as the tool prints it.',
  });

interface FoundDocument {
  /** Counted from one. */
  at: number;
  label: string;
  document?: Fields;
  problem?: string;
}

/** Objects at the top level of a text, or the elements of a list there. */
export function* documentsOf(text: string): Generator<FoundDocument> {
  let at = 0;
  for (const { before, body } of objectsOf(text)) {
    at++;
    if (at > MAX_DOCUMENTS) {
      yield { at, label: '', problem: `There are more than ${MAX_DOCUMENTS} documents.` };
      return;
    }
    // `web01 | SUCCESS => {`, `web01 | UNREACHABLE! => {`
    const line = before.slice(-1000).split('\n').at(-1)!.trim();
    const ansible = /^(\S{1,255}) \| ([A-Z]+!?)/u.exec(line);
    const label = ansible?.[1] ?? '';
    if (ansible !== null && !['SUCCESS', 'CHANGED'].includes(ansible[2]!)) {
      yield { at, label, problem: 'The host was not reached, or refused.' };
      continue;
    }
    let document: unknown;
    try {
      document = JSON.parse(body ?? '');
    } catch {
      yield { at, label, problem: 'The document is not whole.' };
      continue;
    }
    yield isFields(document) ? { at, label, document } : { at, label, problem: 'The document is no object.' };
  }
}

/** Where braces open and close at the top level; what is in quotes does not count. `body` is null for one left open. */
function* objectsOf(text: string): Generator<{ before: string; body: string | null }> {
  const mark = /["{}]/gu;
  let depth = 0;
  let start = 0;
  let end = 0;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    if (match[0] === '"') {
      if (depth > 0) mark.lastIndex = closingQuote(text, match.index) + 1;
    } else if (match[0] === '{') {
      if (depth === 0) start = match.index;
      depth++;
    } else if (depth > 0) {
      depth--;
      if (depth > 0) continue;
      yield { before: text.slice(end, start), body: text.slice(start, match.index + 1) };
      end = match.index + 1;
    }
  }
  if (depth > 0) yield { before: text.slice(end, start), body: null };
}

function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
