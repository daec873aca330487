/** Processors: /proc/cpuinfo counts what the kernel uses, lscpu(1) and SMBIOS fill in what old kernels do not say. */
import type { Processor } from '../../store/model/inventory.ts';
import { dmiProcessors, type DmiStructure } from './dmidecode.ts';
import { fileOf, firstLine, known, linesOf, textOf, usable, wholeNumber, type Sections } from './text.ts';

/** The largest Linux machines have 8192 (CONFIG_NR_CPUS of distributions). */
const MAX_PROCESSORS = 16_384;
/** Characters of a line of the kernel (LOG_LINE_MAX is 1024). */
const MAX_MESSAGE = 1024;

interface Kind {
  model: string;
  vendor?: string | undefined;
  sockets: Set<string>;
  cores: Set<string>;
  threads: number;
  megahertz?: number | undefined;
  flags: Set<string>;
}

export function processorsOf(
  sections: Sections,
  structures: readonly DmiStructure[],
): Processor[] | undefined {
  const lscpu = lscpuFields(textOf(sections, 'lscpu'));
  const firmware = dmiProcessors(structures);
  const kinds = kindsOf(fileOf(sections, '/proc/cpuinfo'), lscpu.get('Model name'));
  const disabled = linesOf(textOf(sections, 'boot-messages')).some((line) =>
    /(?:vmx|svm|virtualization)\b.*disabled|disabled by (?:the )?(?:bios|firmware)/iu.test(
      line.slice(0, MAX_MESSAGE),
    ),
  );
  const architecture = firstLine(textOf(sections, 'uname-machine')) ?? lscpu.get('Architecture');
  if (kinds.length === 0) {
    const alone = firmware.length > 0 ? firmware : fromLscpu(lscpu);
    return alone === undefined ? undefined : alone.map((each) => known({ ...each, architecture }));
  }
  const only = kinds.length === 1;
  const socketCount = wholeNumber(lscpu.get('Socket(s)') ?? lscpu.get('CPU socket(s)'));
  const coresPerSocket = wholeNumber(lscpu.get('Core(s) per socket'));
  return kinds.map((kind) => {
    const dmi =
      firmware.find(({ model }) => squeeze(model) === kind.model) ??
      (only && firmware.length === 1 ? firmware[0] : undefined);
    // Without "physical id" the kernel knows no sockets: another source, or nothing.
    const sockets = kind.sockets.size || (only ? socketCount : undefined) || dmi?.sockets;
    const cores =
      kind.cores.size ||
      (only && socketCount && coresPerSocket ? socketCount * coresPerSocket : undefined) ||
      dmi?.cores;
    return known<Processor>({
      model: kind.model,
      vendor: kind.vendor ?? dmi?.vendor,
      sockets,
      cores,
      threads: kind.threads,
      megahertz: nominal(kind.model) ?? dmi?.megahertz ?? kind.megahertz,
      architecture,
      ...virtualizationOf(kind.flags, disabled),
    });
  });
}

/** Flags as Linux names them, and what they say of virtual machines. Nothing where there are no flags of x86. */
export function virtualizationOf(
  flags: ReadonlySet<string>,
  disabledByFirmware: boolean,
): Pick<Processor, 'flags' | 'hardwareVirtualization' | 'nestedPaging'> {
  if (flags.size === 0) return {};
  // `fpu` and the like: other architectures list other things under the same name.
  if (!flags.has('tsc') && !flags.has('fpu')) return { flags: [...flags] };
  const there = flags.has('vmx') || flags.has('svm');
  const paging = flags.has('ept') || flags.has('npt');
  // Kernels before 2.6.27 knew none of these; then a missing `ept` says nothing.
  const saysMore = ['tpr_shadow', 'vnmi', 'flexpriority', 'ept', 'vpid', 'npt', 'lbrv', 'nrip_save'].some(
    (flag) => flags.has(flag),
  );
  return {
    flags: [...flags],
    hardwareVirtualization: there && !disabledByFirmware,
    ...(paging || saysMore ? { nestedPaging: paging } : {}),
  };
}

function kindsOf(cpuinfo: string, modelOfLscpu: string | undefined): Kind[] {
  const kinds = new Map<string, Kind>();
  let count = 0;
  for (const block of cpuinfo.split(/\n\s*\n/u)) {
    const fields = fieldsOf(block);
    if (!fields.has('processor') || ++count > MAX_PROCESSORS) continue;
    const model = squeeze(fields.get('model name') ?? fields.get('cpu') ?? modelOfLscpu ?? 'unknown');
    let kind = kinds.get(model);
    if (kind === undefined) {
      kind = {
        model,
        vendor: usable(fields.get('vendor_id')),
        sockets: new Set(),
        cores: new Set(),
        threads: 0,
        megahertz:
          Number(/^\d{1,6}/u.exec(fields.get('cpu MHz') ?? fields.get('clock') ?? '')?.[0] ?? NaN) ||
          undefined,
        flags: new Set(
          `${fields.get('flags') ?? fields.get('Features') ?? ''} ${fields.get('vmx flags') ?? ''}`
            .split(/\s+/u)
            .filter((flag) => flag !== '')
            .slice(0, 1000),
        ),
      };
      kinds.set(model, kind);
    }
    kind.threads++;
    const socket = fields.get('physical id');
    const core = fields.get('core id');
    if (socket !== undefined) kind.sockets.add(socket);
    if (socket !== undefined && core !== undefined) kind.cores.add(`${socket}/${core}`);
  }
  return [...kinds.values()];
}

function fieldsOf(block: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

const lscpuFields = (text: string): Map<string, string> => fieldsOf(text);

function fromLscpu(lscpu: ReadonlyMap<string, string>): Processor[] | undefined {
  const model = usable(lscpu.get('Model name'));
  if (model === undefined) return undefined;
  const sockets = wholeNumber(lscpu.get('Socket(s)') ?? lscpu.get('CPU socket(s)'));
  const per = wholeNumber(lscpu.get('Core(s) per socket'));
  const flags = new Set((lscpu.get('Flags') ?? '').split(/\s+/u).filter((flag) => flag !== ''));
  return [
    known<Processor>({
      model: squeeze(model),
      vendor: usable(lscpu.get('Vendor ID')),
      sockets,
      cores: sockets !== undefined && per !== undefined ? sockets * per : undefined,
      threads: wholeNumber(lscpu.get('CPU(s)')),
      megahertz: nominal(model),
      ...virtualizationOf(flags, false),
    }),
  ];
}

/** Intel writes the nominal clock into the name: `... @ 2.60GHz`. */
function nominal(model: string): number | undefined {
  const match = /@ (\d{1,2}(?:\.\d{1,3})?)\s?GHz/u.exec(model);
  return match === null ? undefined : Math.round(Number(match[1]) * 1000);
}

/** Old Intel names are padded with blanks: `Intel(R) Xeon(R) CPU           X5650  @ 2.67GHz`. */
const squeeze = (text: string): string => text.replace(/\s+/gu, ' ').trim();
