/** Which system runs: os-release(5), and the release files of the years before it. */
import type { OperatingSystem } from '../../store/model/inventory.ts';
import { fileOf, firstLine, known, linesOf, textOf, usable, wholeNumber, type Sections } from './text.ts';

/** PATH_MAX of Linux. */
const MAX_PATH = 4096;

/** @param ourTime milliseconds since 1970 on our clock when section `date` was printed; undefined: not compared */
export function operatingSystemOf(
  sections: Sections,
  ourTime: number | undefined,
): OperatingSystem | undefined {
  const kernel =
    firstLine(textOf(sections, 'uname-release')) ?? firstLine(fileOf(sections, '/proc/sys/kernel/osrelease'));
  const system = firstLine(textOf(sections, 'uname-system'));
  const release = releaseOf(sections);
  if (release === undefined && kernel === undefined && system === undefined) return undefined;
  const seconds = wholeNumber(/^\d+/u.exec(textOf(sections, 'date'))?.[0]);
  const uptime = Number(/^\d{1,12}(?:\.\d+)?/u.exec(fileOf(sections, '/proc/uptime'))?.[0] ?? NaN);
  const installed = wholeNumber(/^(?:rpm|installer)\t(\d+)$/mu.exec(textOf(sections, 'installation'))?.[1]);
  return known<OperatingSystem>({
    family: system === undefined || system === 'Linux' ? 'linux' : 'unix',
    id: release?.id,
    name: release?.name ?? system ?? 'Linux',
    version: release?.version,
    build: kernel,
    architecture: firstLine(textOf(sections, 'uname-machine')),
    timeZone: timeZoneOf(sections),
    clockOffset: seconds === undefined || ourTime === undefined ? undefined : seconds - ourTime / 1000,
    installedAt: installed === undefined ? undefined : installed * 1000,
    bootedAt:
      seconds === undefined || Number.isNaN(uptime) ? undefined : Math.round((seconds - uptime) * 1000),
  });
}

interface Release {
  id?: string | undefined;
  name: string;
  version?: string | undefined;
}

function releaseOf(sections: Sections): Release | undefined {
  const modern =
    usable(fileOf(sections, '/etc/os-release')) ?? usable(fileOf(sections, '/usr/lib/os-release'));
  const fields = modern === undefined ? undefined : shellAssignments(modern);
  // RHEL and Debian tell the minor release elsewhere only.
  const debian = firstLine(fileOf(sections, '/etc/debian_version'));
  const redhat =
    firstLine(fileOf(sections, '/etc/redhat-release')) ?? firstLine(fileOf(sections, '/etc/oracle-release'));
  if (fields?.get('NAME') !== undefined) {
    const id = usable(fields.get('ID'))?.toLowerCase();
    const minor =
      id === 'debian' && /^\d+(?:\.\d+)+$/u.test(debian ?? '')
        ? debian
        : /release (\d+(?:\.\d+)+)/u.exec(redhat ?? '')?.[1];
    return {
      id,
      name: usable(fields.get('PRETTY_NAME')) ?? fields.get('NAME')!,
      version: minor ?? usable(fields.get('VERSION_ID')),
    };
  }
  return oldRelease(sections, redhat, debian);
}

/** RHEL up to 6, SLES up to 11, Debian up to 6 and others of their time. */
function oldRelease(
  sections: Sections,
  redhat: string | undefined,
  debian: string | undefined,
): Release | undefined {
  if (redhat !== undefined) {
    const version = /release (\d+(?:\.\d+)*)/u.exec(redhat)?.[1];
    // RHEL 4 and 5 wrote `release 4 (Nahant Update 8)`.
    const update = /Update (\d+)/u.exec(redhat)?.[1];
    return {
      id: redHatIds.find(([pattern]) => pattern.test(redhat))?.[1],
      name: redhat,
      version: version !== undefined && update !== undefined ? `${version}.${update}` : version,
    };
  }
  const suse = fileOf(sections, '/etc/SuSE-release');
  if (suse !== '') {
    const version = /^VERSION\s*=\s*(\S+)/mu.exec(suse)?.[1];
    const patch = /^PATCHLEVEL\s*=\s*(\d+)/mu.exec(suse)?.[1];
    return {
      id: /enterprise/iu.test(suse) ? 'sles' : 'opensuse',
      name: firstLine(suse) ?? 'SUSE Linux',
      version: version !== undefined && patch !== undefined ? `${version}.${patch}` : version,
    };
  }
  const lsb = shellAssignments(fileOf(sections, '/etc/lsb-release'));
  if (usable(lsb.get('DISTRIB_ID')) !== undefined)
    return {
      id: lsb.get('DISTRIB_ID')!.toLowerCase(),
      name: usable(lsb.get('DISTRIB_DESCRIPTION')) ?? lsb.get('DISTRIB_ID')!,
      version: usable(lsb.get('DISTRIB_RELEASE')),
    };
  if (debian !== undefined) return { id: 'debian', name: `Debian GNU/Linux ${debian}`, version: debian };
  for (const [path, id] of plainFiles) {
    const line = firstLine(fileOf(sections, path));
    if (line !== undefined) return { id, name: line, version: /\d+(?:\.\d+)*/u.exec(line)?.[0] };
  }
  return undefined;
}

const redHatIds: [RegExp, string][] = [
  [/centos/iu, 'centos'],
  [/fedora/iu, 'fedora'],
  [/oracle|enterprise linux enterprise/iu, 'ol'],
  [/scientific/iu, 'scientific'],
  [/xenserver|xcp/iu, 'xenserver'],
  [/red hat/iu, 'rhel'],
];

const plainFiles: [string, string][] = [
  ['/etc/alpine-release', 'alpine'],
  ['/etc/gentoo-release', 'gentoo'],
  ['/etc/slackware-version', 'slackware'],
  ['/etc/system-release', 'linux'],
];

/** `NAME=value`, `NAME="value"`: what os-release(5) allows, without running a shell. */
export function shellAssignments(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of linesOf(text)) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/u.exec(line);
    if (match === null) continue;
    const raw = match[2]!.trim();
    const quoted = /^"(.*)"$|^'(.*)'$/u.exec(raw);
    const value = quoted === null ? raw : (quoted[1]?.replace(/\\(["$`\\])/gu, '$1') ?? quoted[2]!);
    fields.set(match[1]!, value);
  }
  return fields;
}

function timeZoneOf(sections: Sections): string | undefined {
  // No path is longer; the search begins anew at each `/zoneinfo/`.
  const target = textOf(sections, 'localtime').trim().slice(0, MAX_PATH);
  const link = /\/zoneinfo\/(?:posix\/|right\/)?(\S+)$/mu.exec(target)?.[1];
  const clock = shellAssignments(fileOf(sections, '/etc/sysconfig/clock'));
  return (
    link ??
    firstLine(fileOf(sections, '/etc/timezone')) ??
    usable(clock.get('ZONE')) ??
    usable(clock.get('TIMEZONE')) ??
    // The abbreviation, where nothing names the zone.
    usable(/^\d+ [+-]\d{4} (\S+)/u.exec(textOf(sections, 'date'))?.[1])
  );
}
