import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  annotationsSource,
  annotationsTable,
  readAnnotationsTable,
  refused,
  type AnnotationsReading,
} from '../../assess/annotations-csv.ts';
import { IronliftError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import type { ServerId, ServerSummary } from '../../store/engagement.ts';
import { edited, labelOf, putAll } from '../servers/annotate.ts';
import { serverLoadOf } from '../servers/load.ts';
import { rowOf, serverRows } from '../servers/rows.ts';
import type { Session } from '../session.ts';
import { studyQuestions } from './study-questions.ts';

/** Of a table that people filled in: 20,000 servers with long texts. */
const MAX_TABLE_BYTES = 64 << 20;
/** Changes that are listed; the others are counted. */
const CHANGES_SHOWN = 2000;

type ServerMethods = Extract<keyof Handlers, `servers.${string}`>;

export function serverHandlers(session: Session): Pick<Handlers, ServerMethods> {
  const summaryOf = (id: ServerId): ServerSummary => {
    const found = session
      .engagement()
      .servers()
      .find((server) => server.id === id);
    if (found !== undefined) return found;
    throw new IronliftError('USAGE', 'There is no such server in the engagement any more.', {
      next: 'Go back to the list: it may have been merged with another one.',
      data: { server: id },
    });
  };
  const readTable = async (file: string): Promise<{ reading: AnnotationsReading; digest: string }> => {
    const path = session.files.pathOf(file, 'annotations-in');
    const bytes = await readBounded(path);
    const reading = readAnnotationsTable(bytes, basename(path), session.engagement());
    return { reading, digest: createHash('sha256').update(bytes).digest('hex') };
  };

  return {
    'servers.list': () => ({ servers: serverRows(session.engagement()) }),
    'servers.names': () => ({
      servers: session
        .engagement()
        .servers()
        .map(({ id, identity }) => ({ id, name: identity.name })),
    }),
    'servers.dependencies': async (_, { signal }) => {
      const questions = studyQuestions(session);
      return questions.ask('dependencies', questions.of(undefined), signal);
    },
    'servers.get': ({ server: id }) => {
      const engagement = session.engagement();
      const server = summaryOf(id);
      const annotations = engagement.annotations(id);
      const found = engagement.inventory(id);
      // What an inventory says of itself may be more than what it was found by.
      const { fqdn, smbiosUuid, serial, macs } = { ...found?.inventory.identity, ...server.identity };
      return {
        row: rowOf(server, annotations),
        names: { fqdn: fqdn ?? null, smbiosUuid: smbiosUuid ?? null, serial: serial ?? null, macs },
        inventory: found?.inventory ?? null,
        observedAt: found?.observedAt ?? null,
        annotations,
        remarks: engagement.annotationRemarks(id),
        backupSeen: server.rollup?.backupWindow ?? null,
      };
    },
    'servers.load': ({ server, days }) => serverLoadOf(session.engagement(), summaryOf(server), days),
    'servers.annotate': ({ servers, ...edit }) => {
      const engagement = session.engagement();
      const known = new Set(engagement.servers().map(({ id }) => id));
      const gone = servers.filter((id) => !known.has(id));
      if (gone.length > 0) summaryOf(gone[0]!);
      const wanted = new Map(servers.map((id) => [id, edited(engagement.annotations(id), edit)]));
      return { changed: putAll(session, (count) => labelOf(edit, count), wanted) };
    },
    'servers.exportTable': async ({ file, separator }) => {
      const path = session.files.pathOf(file, 'annotations-out');
      const engagement = session.engagement();
      const lines = [...annotationsTable(engagement, separator)];
      try {
        await writeFile(path, lines.join(''));
      } catch (cause) {
        throw new IronliftError('WRITE_FAILED', `${basename(path)} could not be written.`, {
          next: 'Close it where it is open, or choose another folder.',
          cause,
        });
      }
      session.log('Wrote the table of servers', { file: basename(path), servers: lines.length - 1 });
      return { servers: lines.length - 1 };
    },
    'servers.readTable': async ({ file }) => {
      const { reading, digest } = await readTable(file);
      const { servers, changes, problems, problemCount, remarks } = reading;
      return {
        ...{ digest, servers, problems, problemCount, remarks },
        changes: changes.slice(0, CHANGES_SHOWN),
        changeCount: changes.length,
      };
    },
    'servers.applyTable': async ({ file, digest }) => {
      const { reading, digest: now } = await readTable(file);
      if (now !== digest)
        throw new IronliftError('ANNOTATIONS_INVALID', 'The table was changed after it was shown here.', {
          next: 'Read it again and look at what it would change.',
        });
      if (reading.problemCount > 0) throw refused(reading.problemCount);
      const servers = putAll(
        session,
        (count) => `Take the table of ${plural(count, 'server')}`,
        reading.annotations,
      );
      return { servers, changes: reading.changes.length };
    },
  };
}

/** @throws ANNOTATIONS_INVALID where it is too large to be such a table, or cannot be read */
async function readBounded(path: string): Promise<Uint8Array> {
  const { name, code, next } = annotationsSource(basename(path));
  let file;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > MAX_TABLE_BYTES)
      throw new IronliftError(code, `${name} is too large to be a table of servers.`, { next });
    const bytes = new Uint8Array(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } catch (cause) {
    if (cause instanceof IronliftError) throw cause;
    throw new IronliftError(code, `${name} cannot be read.`, {
      next: 'Close it where it is open, and choose it again.',
      cause,
    });
  } finally {
    await file?.close();
  }
}
