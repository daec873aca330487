/** Conversions, for screens. */
import { basename, join } from 'node:path';
import { readBounded } from '../../base/bounded-file.ts';
import { IronliftError } from '../../base/errors.ts';
import type { ConversionResultView, ConvertChoice } from '../../contract/convert.ts';
import type { Output } from '../../contract/contract.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import type { JobState } from '../../contract/jobs.ts';
import { BOOT_TEST_FOLDER } from '../../convert/boot-test.ts';
import type { ConversionRecord } from '../../convert/conversion-record.ts';
import { readManifest, type Manifest } from '../../convert/manifest.ts';
import type { ConvertOptions } from '../../convert/options.ts';
import { inWords, windowsOf } from '../../convert/undo.ts';
import { unfinishedJob } from '../../convert/unfinished.ts';
import { forPeople } from '../../guest/windows/path.ts';
import { formatById } from '../../image/table.ts';
import { listLocalDisks } from '../../source/local-disks.ts';
import { BUS_NAMES } from '../../target/machine.ts';
import { targetById, targets } from '../../target/table.ts';
import { Conversions } from '../conversions.ts';
import { readBootVerdict } from '../boot-verdict.ts';
import type { Session } from '../session.ts';

const OPEN: readonly JobState[] = ['queued', 'running', 'pausing', 'cancelling'];

/** A picture of a screen is never larger. */
const LARGEST_PICTURE = 8 * 2 ** 20;
/** Ours has some pages. */
const LARGEST_README = 2 ** 20;

type ConvertHandlers = Pick<Handlers, Extract<keyof Handlers, `convert.${string}`>>;

export function convertHandlers(session: Session): ConvertHandlers {
  const conversions = new Conversions(session);
  /** By folder. A page that is loaded again finds its work here. */
  const lastTest = new Map<string, string>();
  const lastUndo = new Map<string, string>();
  // Also of those that went on in a later run of the program.
  session.jobs.whenDone('convert', async ({ output }) => {
    const folder = folderOf(output);
    if (folder !== null) await finish(folder);
  });

  const optionsOf = (choice: ConvertChoice): ConvertOptions => ({
    ...choice,
    sources: choice.sources.map((id) => session.files.pathOf(id, 'source')),
    output: session.files.pathOf(choice.output, 'output'),
    drivers: choice.drivers.map((id) => session.files.pathOf(id, 'drivers')),
    // Nothing is replaced from a screen: a folder that holds a conversion is named in the refusal.
    force: false,
  });

  const resultOf = async (folder: string): Promise<ConversionResultView> => {
    const manifest = await readManifest(folder);
    const record = conversions.find(folder);
    return {
      folder: await session.files.register(folder, 'conversion'),
      name: manifest.machine.name,
      target: targetById(manifest.target)?.name ?? manifest.target,
      created: manifest.created,
      guest: guestName(manifest),
      disks: manifest.disks.map((disk) => ({
        file: disk.file,
        source: disk.source.path,
        sourceBytes: disk.source.bytes,
        fileBytes: disk.fileBytes,
        dataBytes: disk.dataBytes,
        skippedBytes: disk.skippedBytes,
        sha256: disk.sha256,
        contentDigest: disk.contentDigest?.value ?? null,
        verified: disk.verified,
        badSectors: disk.badSectors.reduce((sum, { length }) => sum + length, 0),
      })),
      hardware: manifest.hardware ?? [],
      changes: manifest.edits.map(({ fixer, what, why, path, before }) => ({
        fixer,
        what,
        why,
        path: forPeople(windowsOf(manifest), path),
        undo: inWords(manifest, path, before),
      })),
      undone: manifest.undone,
      findings: manifest.findings,
      timings: manifest.timings,
      readme: small(join(folder, 'README.txt'), LARGEST_README)?.toString('utf8') ?? '',
      bootTest: readBootVerdict(folder),
      accepted: record?.accepted ?? null,
    };
  };

  const isOpen = (id: string | null | undefined): boolean =>
    session.jobs.list().some((job) => job.id === id && OPEN.includes(job.state));

  /** One job at a time in a folder: a second click does not begin a second one. @throws JOB_RUNNING */
  const demandIdle = (folder: string): void => {
    const ours = [conversions.find(folder)?.job, lastTest.get(folder), lastUndo.get(folder)];
    if (!ours.some(isOpen)) return;
    throw new IronliftError('JOB_RUNNING', `A job is at work in ${folder} already.`, {
      next: 'Wait until it is done, or cancel it in the list of jobs.',
      data: { folder },
    });
  };

  /** Of a folder that was chosen, or that a conversion of ours went to. */
  const pathOf = (id: string): string => session.files.pathOf(id, 'conversion');

  const startBootTest = (folder: string, timeoutSeconds: number, software: boolean): { job: string } => {
    demandIdle(folder);
    const { id } = session.jobs.start({
      kind: 'boot-test',
      title: `Start ${basename(folder)} for a test`,
      task: 'boot-test',
      input: { folder, timeoutSeconds, software },
      writes: 'none',
      whenDone({ status, sentence, seconds, started }) {
        const record = conversions.find(folder);
        if (record !== null)
          conversions.put({ ...record, bootTest: { status, sentence, seconds, at: started } });
        else session.changed('conversions');
      },
    });
    lastTest.set(folder, id);
    session.changed('conversions');
    session.log('boot-test started', { folder });
    return { job: id };
  };

  return {
    'convert.targets': () => ({
      targets: targets.map(({ id, name, formats, buses, packaging }) => ({
        id,
        name,
        formats: formats.map((format) => ({ id: format, name: formatById(format)?.name ?? format })),
        buses: buses.map((bus) => ({ id: bus, name: BUS_NAMES[bus] })),
        packaged: packaging !== undefined,
      })),
    }),

    async 'convert.disks'() {
      const found = await listLocalDisks();
      const disks: Output<'convert.disks'>['disks'] = [];
      for (const { path, model, serial, size, inUse } of found)
        disks.push({
          file: await session.files.register(path, 'source'),
          model,
          serial,
          bytes: size,
          inUse,
        });
      return { disks };
    },

    'convert.inspect': ({ sources, root, allowMounted }, { signal }) =>
      session.jobs.ask(
        'inspect',
        { sources: sources.map((id) => session.files.pathOf(id, 'source')), root, allowMounted },
        signal,
      ),

    'convert.preview': (choice, { signal }) => session.jobs.ask('convert-preview', optionsOf(choice), signal),

    async 'convert.start'({ options, server }) {
      const input = optionsOf(options);
      await refuseTaken(input.output);
      demandIdle(input.output);
      const name = options.name ?? basename(input.output);
      const target = targetById(options.target);
      if (target === null)
        throw new IronliftError('USAGE', `There is no platform ${options.target}.`, {
          next: 'Choose one of the list.',
        });
      const known: ConversionRecord = {
        folder: input.output,
        name,
        target: target.id,
        server,
        startedAt: session.shell.now(),
        job: null,
        finished: null,
        bootTest: null,
        accepted: null,
      };
      const { id } = session.jobs.start({
        kind: 'convert',
        title: `Convert ${name} for ${target.name}`,
        task: 'convert',
        input,
        writes: 'none',
        canPause: true,
        resume: { task: 'convert-resume', input: { folder: input.output } },
        discard: { task: 'convert-discard', input: { folder: input.output } },
      });
      conversions.put({ ...known, job: id });
      session.log('conversion started', { folder: input.output, target: target.id });
      return { job: id };
    },

    async 'convert.list'() {
      const list: Output<'convert.list'>['conversions'] = [];
      for (const record of conversions.list()) {
        const found = isOpen(record.job)
          ? { state: 'running' as const, canResume: false, reason: null }
          : // What is taken back is a finished machine before and after.
            isOpen(lastUndo.get(record.folder))
            ? { state: 'finished' as const, canResume: false, reason: null }
            : await stateOf(record.folder);
        list.push({
          folder: await session.files.register(record.folder, 'conversion'),
          name: record.name,
          target: targetById(record.target)?.name ?? record.target,
          server: record.server,
          startedAt: record.startedAt,
          job: record.job,
          testJob: lastTest.get(record.folder) ?? null,
          undoJob: lastUndo.get(record.folder) ?? null,
          ...found,
          bootTest: record.bootTest?.status ?? null,
          accepted: record.accepted !== null,
        });
      }
      return { conversions: list };
    },

    'convert.result': ({ folder }) => resultOf(pathOf(folder)),

    'convert.resume'({ folder }) {
      const path = pathOf(folder);
      demandIdle(path);
      const record = conversions.find(path);
      const { id } = session.jobs.start({
        kind: 'convert',
        title: `Go on with ${record?.name ?? basename(path)}`,
        task: 'convert-resume',
        input: { folder: path },
        writes: 'none',
        canPause: true,
        resume: { task: 'convert-resume', input: { folder: path } },
        discard: { task: 'convert-discard', input: { folder: path } },
      });
      if (record !== null) conversions.put({ ...record, job: id });
      session.log('conversion continued', { folder: path });
      return { job: id };
    },

    'convert.discard'({ folder }) {
      const path = pathOf(folder);
      demandIdle(path);
      const { id } = session.jobs.start({
        kind: 'discard',
        title: `Discard ${conversions.find(path)?.name ?? basename(path)}`,
        task: 'convert-discard',
        input: { folder: path },
        writes: 'none',
        whenDone: () => session.changed('conversions'),
      });
      session.log('conversion discarded', { folder: path });
      return { job: id };
    },

    'convert.undo'({ folder }) {
      const path = pathOf(folder);
      demandIdle(path);
      const { id } = session.jobs.start({
        kind: 'undo',
        title: `Take back the changes of ${basename(path)}`,
        task: 'convert-undo',
        input: { folder: path },
        writes: 'none',
        whenDone: () => session.changed('conversions'),
      });
      lastUndo.set(path, id);
      session.changed('conversions');
      session.log('undo started', { folder: path });
      return { job: id };
    },

    'convert.bootTest': ({ folder, timeoutSeconds, software }) =>
      startBootTest(pathOf(folder), timeoutSeconds, software),

    'convert.screen'({ folder }) {
      const verdict = readBootVerdict(pathOf(folder));
      if (verdict?.screen !== true) return { png: null };
      const bytes = small(join(pathOf(folder), BOOT_TEST_FOLDER, 'screen.png'), LARGEST_PICTURE);
      return { png: bytes?.toString('base64') ?? null };
    },

    async 'convert.accept'({ folder, by, note }) {
      const path = pathOf(folder);
      const manifest = await readManifest(path);
      const record = conversions.find(path) ?? recordOf(path, manifest);
      conversions.put({ ...record, accepted: { by, at: session.shell.now(), note } });
      session.log('machine accepted', { folder: path, by });
      return resultOf(path);
    },
  };

  /** What its folder tells is kept with the engagement: a report may be written when the folder is long gone. */
  async function finish(folder: string): Promise<void> {
    const manifest = await readManifest(folder);
    const record = conversions.find(folder) ?? recordOf(folder, manifest);
    conversions.put({ ...record, name: manifest.machine.name, finished: summaryOf(manifest) });
  }
}

/** null: not there, or nothing that we wrote. A folder may be a stranger's: a pipe would be waited for without an end. */
function small(path: string, limit: number): Buffer | null {
  try {
    const bytes = readBounded(path, limit);
    return 'why' in bytes ? null : bytes;
  } catch {
    return null;
  }
}

const recordOf = (folder: string, manifest: Manifest): ConversionRecord => ({
  folder,
  name: manifest.machine.name,
  target: manifest.target,
  server: null,
  startedAt: Date.parse(manifest.created) || 0,
  job: null,
  finished: summaryOf(manifest),
  bootTest: null,
  accepted: null,
});

const guestName = ({ guest }: Manifest): string | null => {
  const os = guest?.['os'];
  return typeof os === 'object' && os !== null && 'name' in os && typeof os.name === 'string'
    ? os.name
    : null;
};

const summaryOf = (manifest: Manifest): NonNullable<ConversionRecord['finished']> => ({
  created: manifest.created,
  guest: guestName(manifest),
  changes: manifest.edits.map(({ what, why, path }) => ({ what, why, path })),
  disks: manifest.disks.map(({ file, source, dataBytes, skippedBytes, sha256, contentDigest, verified }) => ({
    file,
    source: source.path,
    sourceBytes: source.bytes,
    dataBytes,
    skippedBytes,
    sha256,
    contentDigest: contentDigest?.value ?? null,
    verified,
  })),
  seconds: manifest.timings.reduce((sum, { seconds }) => sum + seconds, 0),
  warnings: manifest.findings.filter(({ severity }) => severity !== 'info').map(({ message }) => message),
});

/** Before what is known of the folder makes place for the new job. @throws DESTINATION_EXISTS, JOB_RUNNING */
async function refuseTaken(folder: string): Promise<void> {
  const { state, reason } = await unfinishedJob(folder);
  if (state === 'none') return;
  if (state === 'running')
    throw new IronliftError('JOB_RUNNING', reason!, {
      next: 'Wait until it has ended, or choose another folder.',
    });
  const what = state === 'finished' ? 'a finished conversion' : 'a conversion that was interrupted';
  throw new IronliftError('DESTINATION_EXISTS', `The folder ${folder} holds ${what}.`, {
    next: 'Choose another folder, or look at what is there in the list of conversions.',
  });
}

/** Of a folder in which no job of this program runs. */
async function stateOf(folder: string): Promise<{
  state: 'running' | 'interrupted' | 'finished' | 'gone';
  canResume: boolean;
  reason: string | null;
}> {
  const { state, canResume, reason } = await unfinishedJob(folder);
  if (state === 'none')
    return { state: 'gone', canResume, reason: 'Its folder is not there any more, or holds no conversion.' };
  return { state, canResume, reason: state === 'finished' ? null : reason };
}

/** What another process says of itself is looked at before it is believed. */
const folderOf = (output: unknown): string | null =>
  typeof output === 'object' && output !== null && 'folder' in output && typeof output.folder === 'string'
    ? output.folder
    : null;
