import type { Command } from '../commands.ts';
import { printable, table, wrap } from '../terminal.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes, listed, plural } from '../../base/text.ts';
import type { DriverPackage } from '../../guest/windows/driver-package.ts';
import type { TargetWindows } from '../../guest/windows/drivers/inf/models.ts';
import { openDriverSource, type InfSummary } from '../../guest/windows/drivers/source.ts';
import { WINDOWS_NAMES } from '../../guest/windows/drivers/windows-names.ts';
import type { World } from '../world.ts';

const NAMES = WINDOWS_NAMES.map(({ name }) => name).join(', ');
const ARCHITECTURES = ['x86', 'amd64', 'arm64'] as const;

export const drivers: Command = {
  help: `Usage: ironlift drivers PATH [--for VERSION [--arch ARCHITECTURE] [--build N]] [--json]

Lists the driver packages in a folder or CD image (.iso), such as virtio-win.iso: for each INF file what it is for, its
version, and the Windows it names. With --for, only what a Windows of that version would get, with devices and files.

  --for VERSION        ${wrap(NAMES, 90, '                       ').trimStart()}
  --arch ARCHITECTURE  x86, amd64 or arm64; amd64 unless told, x86 for xp
  --build N            build of that Windows, such as 19045; the first one of the version unless told
  --json               print one JSON document`,
  options: { for: { type: 'string' }, arch: { type: 'string' }, build: { type: 'string' } },
  async run({ values, positionals }, world) {
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0)
      throw new IronliftError('USAGE', 'One folder or CD image with drivers has to be named.', {
        next: 'Run `ironlift drivers PATH`, for example on virtio-win.iso.',
      });
    const text = (option: string): string | undefined =>
      typeof values[option] === 'string' ? values[option] : undefined;
    const windows = readWindows(text('for'), text('arch'), text('build'));
    const source = await openDriverSource(path, { signal: world.signal });
    try {
      const json = values['json'] === true;
      if (windows === null) {
        const infs = await source.list();
        world.out(json ? asJson({ source: path, cut: source.cut, infs }) : listText(path, infs, world));
        return 0;
      }
      const packages = await source.packagesFor(windows);
      world.out(
        json
          ? asJson({ source: path, windows, cut: source.cut, packages: packages.map(packageJson) })
          : packagesText(path, packages, world),
      );
      return 0;
    } finally {
      await source.close();
    }
  },
};

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** null where all INF files are asked for. @throws USAGE */
function readWindows(name?: string, arch?: string, build?: string): TargetWindows | null {
  if (name === undefined && arch === undefined && build === undefined) return null;
  const wrong: string[] = [];
  const known = WINDOWS_NAMES.find((one) => one.name === name?.toLowerCase());
  if (name === undefined) wrong.push('--arch and --build need --for');
  else if (known === undefined) wrong.push(`--for does not know "${name}" (it knows ${NAMES})`);
  const architecture = ARCHITECTURES.find(
    (one) => one === (arch ?? (known?.name === 'xp' ? 'x86' : 'amd64')),
  );
  if (architecture === undefined) wrong.push(`--arch takes ${listed(ARCHITECTURES)}`);
  if (build !== undefined && !/^\d{4,6}$/u.test(build)) wrong.push('--build takes a number');
  if (wrong.length > 0 || known === undefined || architecture === undefined)
    throw new IronliftError('USAGE', `${wrong.join('; ')}.`, {
      next: 'Run `ironlift drivers --help` for what it takes.',
    });
  const { ntVersion, server } = known;
  return { ntVersion, server, architecture, build: build === undefined ? known.build : Number(build) };
}

function listText(path: string, infs: readonly InfSummary[], world: World): string {
  const usable = infs.filter(({ problem }) => problem === null);
  const bad = infs.filter(({ problem }) => problem !== null);
  return [
    table(
      ['INF file', 'Class', 'Provider', 'Version', 'Date', 'For'],
      usable.map((inf) => [
        inf.path,
        inf.className || '—',
        inf.provider || '—',
        inf.version || '—',
        inf.date || '—',
        inf.decorations.map((one) => (one === 'none' ? 'x86' : one)).join(', '),
      ]),
    ),
    ...bad.map(({ path: inf, problem }) =>
      wrap(`  not usable: ${inf}: ${problem ?? ''}`, world.columns, '    '),
    ),
    `${plural(usable.length, 'driver package')} in ${printable(path)}. With --for VERSION it is told what a Windows gets of them.`,
    '',
  ].join('\n');
}

const SIGNED: Record<DriverPackage['signature'], string> = {
  sha1: 'SHA-1',
  sha2: 'SHA-2',
  unknown: 'unknown',
  none: 'no catalogue',
};

function packagesText(path: string, packages: readonly DriverPackage[], world: World): string {
  if (packages.length === 0) return `${printable(path)} has no driver for this Windows.\n`;
  const problems = packages.flatMap(({ inf, problems: all = [] }) => all.map((text) => `${inf}: ${text}`));
  return [
    table(
      ['Driver', 'Package', 'Class', 'Version', 'Date', 'Signed by', 'Files', 'Found in'],
      packages.map((one) => [
        one.devices.find(({ description }) => description !== '')?.description ?? '—',
        one.inf,
        one.className || '—',
        one.version || '—',
        one.date || '—',
        SIGNED[one.signature],
        formatBytes(one.files.reduce((sum, { bytes }) => sum + bytes, 0)),
        one.source,
      ]),
    ),
    ...problems.map((text) => wrap(`  note: ${text}.`, world.columns, '    ')),
    '',
  ].join('\n');
}

function packageJson({ files, devices, ...rest }: DriverPackage): Record<string, unknown> {
  return {
    ...rest,
    devices: devices.map(({ service, ...device }) => ({ ...device, service: service?.name ?? null })),
    files: files.map(({ name, path, destination, bytes }) => ({
      name,
      path: path ?? name,
      destination,
      bytes,
    })),
  };
}
