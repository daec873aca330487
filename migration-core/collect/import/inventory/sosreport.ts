/**
 * An unpacked sosreport or supportconfig-like folder: it holds the outputs our own collector asks for, under names of its
 * own, and is read as if they came from there.
 */
import { linuxInventory } from '../../linux/inventory.ts';
import { MAX_SECTION_BYTES, MAX_SECTIONS, MAX_TOTAL_BYTES, type Section } from '../../linux/sections.ts';
import { linesOf } from '../../linux/text.ts';
import type { Importer, ImportInput } from '../../collector.ts';
import { cutProblem, lineProblem, nothingIn, serverNameOf, wholeText } from './whole-text.ts';

interface Mapping {
  /** Of our collector. `$1` is what the entry's pattern caught. */
  section: string;
  /** Path in the report; the first of `mappings` that fits and is not empty is taken. */
  entry: RegExp;
  convert?: (text: string) => string;
}

const mappings: readonly Mapping[] = [
  { section: 'hostname', entry: /^(?:sos_commands\/(?:host|general)\/hostname|hostname)$/u },
  { section: 'fqdn', entry: /^sos_commands\/(?:host|general)\/hostname_-f$/u },
  {
    section: 'date',
    entry: /^(?:sos_commands\/(?:date|general)\/date(?:_--utc)?|date)$/u,
    convert: dateToSeconds,
  },
  {
    section: 'uname-release',
    entry: /^(?:sos_commands\/kernel\/uname_-a|uname)$/u,
    convert: (text) => text.split(' ')[2] ?? '',
  },
  {
    section: 'uname-machine',
    entry: /^(?:sos_commands\/kernel\/uname_-a|uname)$/u,
    convert: (text) => / (x86_64|i[3-6]86|aarch64|ppc64(?:le)?|s390x|ia64) /u.exec(text)?.[1] ?? '',
  },
  { section: 'dmidecode', entry: /^(?:sos_commands\/hardware\/dmidecode|dmidecode)$/u },
  { section: 'lscpu', entry: /^sos_commands\/processor\/lscpu$/u },
  { section: 'lspci', entry: /^(?:sos_commands\/(?:pci|hardware)\/lspci(?:_-nnvv)?|lspci)$/u },
  { section: 'lsusb', entry: /^sos_commands\/usb\/lsusb$/u },
  { section: 'lsblk-pairs', entry: /^sos_commands\/block\/lsblk_-O_-P$/u },
  { section: 'lsblk-json', entry: /^sos_commands\/block\/lsblk_(?:-\w+_)*-J\w*$/u },
  { section: 'blkid', entry: /^sos_commands\/block\/blkid(?:_-c_\.dev\.null)?$/u },
  { section: 'df', entry: /^(?:sos_commands\/filesys\/df_-al(?:_-x_autofs)?|df)$/u },
  {
    section: 'file:/proc/mounts',
    entry: /^(?:proc\/mounts|proc\/self\/mounts|sos_commands\/filesys\/mount_-l|mount)$/u,
    convert: mountLines,
  },
  { section: 'multipath', entry: /^sos_commands\/multipath\/multipath_(?:-v4_)?-ll$/u },
  { section: 'ip-address', entry: /^sos_commands\/networking\/ip_-d_address$/u },
  { section: 'ip-json', entry: /^sos_commands\/networking\/ip_-j(?:_-d)?_addr(?:ess)?$/u },
  { section: 'ifconfig', entry: /^sos_commands\/networking\/ifconfig_-a$/u },
  {
    section: 'ip-route',
    entry: /^(?:sos_commands\/networking\/ip_route_show_table_(?:all|main)|ip_route)$/u,
  },
  { section: 'ss', entry: /^sos_commands\/networking\/ss_-\w+$/u },
  { section: 'netstat', entry: /^(?:sos_commands\/networking\/netstat_-\w+|netstat)$/u },
  { section: 'ethtool-driver:$1', entry: /^sos_commands\/networking\/ethtool_-i_([\w.@-]+)$/u },
  { section: 'ethtool-permanent:$1', entry: /^sos_commands\/networking\/ethtool_-P_([\w.@-]+)$/u },
  { section: 'unit-files', entry: /^sos_commands\/systemd\/systemctl_list-unit-files$/u },
  { section: 'units', entry: /^sos_commands\/systemd\/systemctl_list-units(?:_--all)?$/u },
  { section: 'chkconfig', entry: /^(?:sos_commands\/(?:services|startup)\/chkconfig_--list|chkconfig)$/u },
  { section: 'upstart', entry: /^sos_commands\/upstart\/initctl_list$/u },
  { section: 'rpm', entry: /^(?:sos_commands\/rpm\/sh_-c_rpm_.*|installed-rpms)$/u, convert: installedRpms },
  { section: 'dpkg', entry: /^(?:sos_commands\/dpkg\/dpkg_-l|installed-debs)$/u, convert: dpkgList },
  { section: 'modinfo', entry: /^sos_commands\/kernel\/modinfo_.*$/u },
  { section: 'detect-virt', entry: /^sos_commands\/(?:virt|system|general)\/systemd-detect-virt$/u },
  { section: 'localtime', entry: /^sos_commands\/date\/ls_-l_\.etc\.localtime$/u },
  { section: 'megacli-volumes:1', entry: /^sos_commands\/megacli\/MegaCli\d*_LDPDInfo_-aALL$/u },
  { section: 'storcli:1', entry: /^sos_commands\/storcli\/.*call_show_all_J.*$/u },
  {
    section: 'ssacli:1',
    entry: /^sos_commands\/(?:hpssm|smartarray)\/(?:ssacli|hpssacli|hpacucli)_ctrl_all_show_config_detail$/u,
  },
];

/** Copies of files of the server lie at their own place. */
const FILES =
  /^(?:proc\/(?:cpuinfo|meminfo|modules|partitions|mdstat|uptime|net\/(?:bonding\/[\w.@-]+|vlan\/config|route|tcp6?|udp6?))|etc\/(?:os-release|redhat-release|SuSE-release|debian_version|lsb-release|oracle-release|system-release|timezone|sysconfig\/clock))$/u;

export const sosreport: Importer = {
  id: 'sosreport',
  name: 'sosreport (unpacked folder)',
  recognise(input) {
    if (!input.isFolder) return 0;
    const inside = input.entries.filter((entry) => /(?:^|\/)sos_commands\//u.test(entry)).length;
    return inside >= 3 ? 3 : inside > 0 ? 2 : 0;
  },
  async *read(input, options) {
    const prefix = prefixOf(input);
    const sections = new Map<string, Section>();
    let total = 0;
    for (const entry of input.entries) {
      if (!entry.startsWith(prefix) || sections.size >= MAX_SECTIONS || total >= MAX_TOTAL_BYTES) continue;
      const path = entry.slice(prefix.length);
      for (const wanted of wantedFor(path)) {
        if (sections.has(wanted.section)) continue;
        const { text, cut } = await wholeText(input, options, entry, MAX_SECTION_BYTES);
        total += text.length;
        if (cut) yield cutProblem(entry);
        const converted = wanted.convert === undefined ? text : wanted.convert(text);
        if (converted.trim() === '') continue;
        sections.set(wanted.section, { status: 0, text: converted, errors: '', truncated: cut });
      }
      yield { kind: 'position', doneBytes: Math.min(total, input.size) };
    }
    if (sections.size === 0) throw nothingIn(input, 'sosreport');
    for (const need of ['dmidecode', 'file:/proc/cpuinfo', 'hostname'])
      if (!sections.has(need))
        yield lineProblem(0, `The report holds no output of ${need.replace(/^file:/u, '')}.`);
    const inventory = linuxInventory(sections);
    if (inventory.identity.name === '' || options.serverName !== undefined)
      inventory.identity.name = serverNameOf(input, options, inventory.identity.serial);
    const seconds = Number(/^(\d{1,12}) /u.exec(sections.get('date')?.text ?? '')?.[1] ?? NaN);
    yield {
      kind: 'inventory',
      observedAt: Number.isNaN(seconds) ? options.now() : seconds * 1000,
      inventory,
    };
  },
};

/** The report may be the folder, or one folder in it. */
function prefixOf(input: ImportInput): string {
  const inside = input.entries.find((entry) => /(?:^|\/)sos_commands\//u.test(entry)) ?? '';
  return inside.slice(0, inside.indexOf('sos_commands/'));
}

function wantedFor(path: string): { section: string; convert?: (text: string) => string }[] {
  if (FILES.test(path)) return [{ section: `file:/${path}` }];
  return mappings.flatMap(({ section, entry, convert }) => {
    const match = entry.exec(path);
    if (match === null) return [];
    return [
      { section: section.replace('$1', match[1] ?? ''), ...(convert === undefined ? {} : { convert }) },
    ];
  });
}

/** `Wed Nov 25 19:22:54 UTC 2026`; other zones have no offset in that line, and three letters name none. */
function dateToSeconds(text: string): string {
  const match = /^\w{3} (\w{3}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) (?:UTC|GMT) (\d{4})/mu.exec(text);
  const time = match === null ? NaN : Date.parse(`${match[2]!} ${match[1]!} ${match[4]!} ${match[3]!} UTC`);
  return Number.isNaN(time) ? '' : `${time / 1000} +0000 UTC\n`;
}

/** `/dev/sda1 on / type ext4 (rw) [label]` as /proc/mounts writes it. */
function mountLines(text: string): string {
  return linesOf(text)
    .map((line) => {
      const match = /^(\S+) on (\/.*?) type (\S+) \(/u.exec(line.slice(0, 4096));
      return match === null ? line : `${match[1]!} ${match[2]!.replaceAll(' ', '\\040')} ${match[3]!} - 0 0`;
    })
    .join('\n');
}

/** `bash-4.2.46-34.el7.x86_64   Wed 01 Jan ...`. */
function installedRpms(text: string): string {
  return linesOf(text)
    .map((line) =>
      /^(\S{1,200}?)-([^-\s]{1,100}-[^-\s]{1,100}?)(?:\.(?:x86_64|i[3-6]86|noarch|aarch64|ppc64(?:le)?|s390x?|ia64))?(?:\s|$)/u.exec(
        line.slice(0, 500),
      ),
    )
    .filter((match) => match !== null)
    .map((match) => `${match[1]!}\t${match[2]!}\t(none)`)
    .join('\n');
}

/** `ii  bash  5.2.15-2+b8  amd64  GNU Bourne Again SHell`. */
function dpkgList(text: string): string {
  return linesOf(text)
    .map((line) => /^ii\s+(\S+?)(?::\w+)?\s+(\S+)\s/u.exec(line.slice(0, 1000)))
    .filter((match) => match !== null)
    .map((match) => `${match[1]!}\t${match[2]!}\tinstall ok installed`)
    .join('\n');
}
