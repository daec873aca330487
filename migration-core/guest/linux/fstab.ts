/** /etc/fstab: devices by UUID, and volumes that stay behind must not stop the start. Every other byte is kept. */
import type { Finding } from '../../base/finding.ts';
import type { FixContext, Fixer } from '../fixer.ts';
import { isNetwork, isRemovable, isVirtual, parseFstab } from '../inspect/fstab.ts';
import { blockNames, listed, type BlockNames } from './block-names.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

export const fstab: Fixer = {
  id: 'fstab',
  title: 'Names of volumes in /etc/fstab',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    const file = await readTextFile(context.files, '/etc/fstab');
    if (file === null) return plan.finished();
    const { text, renamed, optional, findings } = rewriteFstab(file.text, context, blockNames(context));
    const what: string[] = [];
    const why: string[] = [];
    if (renamed.length > 0) {
      what.push(`${listed(renamed)} ${renamed.length === 1 ? 'is' : 'are'} named by UUID in /etc/fstab`);
      why.push('the virtual machine gives its disks other device names');
    }
    if (optional.length > 0) {
      what.push(`${listed(optional)} ${optional.length === 1 ? 'becomes' : 'become'} optional in /etc/fstab`);
      why.push('the start must not wait for volumes that are not on the converted disks');
    }
    plan.findings.push(...findings);
    await plan.rewrite(file, text, {
      what: `${sentence(what)}.`,
      why: `${sentence(why)}.`,
    });
    return plan.finished();
  },
};

interface Rewritten {
  text: string;
  /** Old device names. */
  renamed: string[];
  /** Mount points. */
  optional: string[];
  findings: Finding[];
}

export function rewriteFstab(text: string, context: Pick<FixContext, 'guest'>, names: BlockNames): Rewritten {
  const result: Rewritten = { text, renamed: [], optional: [], findings: [] };
  const lines = text.split('\n');
  const mounted = new Set(context.guest.mounts.map(({ path }) => path));
  for (const entry of parseFstab(text)) {
    if (isVirtual(entry) || isNetwork(entry) || isRemovable(entry)) continue;
    const atRoot = entry.path === '/';
    let stable = names.stable(entry.device, entry.type);
    // Where the root is was found by looking: whatever fstab called it, it is that volume.
    if (atRoot && stable.kind !== 'stays' && names.root !== null) {
      const name = names.tag(names.root);
      if (name !== null && name !== entry.device) stable = { kind: 'becomes', name, volume: names.root };
    }
    const line = lines[entry.line]!;
    if (stable.kind === 'becomes') {
      lines[entry.line] = line.replace(/\S+/, () => stable.name);
      result.renamed.push(entry.device);
    } else if (
      (stable.kind === 'absent' || stable.kind === 'unclear') &&
      !atRoot &&
      !mounted.has(entry.path)
    ) {
      if (stable.kind === 'unclear') result.findings.push(unclear(entry.device, entry.path));
      if (entry.options.includes('noauto') || entry.options.includes('nofail')) continue;
      const timeout = context.guest.init === 'systemd' ? ',x-systemd.device-timeout=10s' : '';
      lines[entry.line] = withOptions(line, `nofail${timeout}`);
      result.optional.push(entry.type === 'swap' ? `swap on ${entry.device}` : entry.path);
    }
  }
  result.text = lines.join('\n');
  return result;
}

/** Adds to the fourth field, which may be missing. */
function withOptions(line: string, options: string): string {
  const fields = /^(\s*\S+\s+\S+\s+\S+)(?:(\s+)(\S+))?/.exec(line);
  if (fields === null) return line;
  const [all, three, space = '\t', old = 'defaults'] = fields;
  return `${three}${space}${old},${options}${line.slice(all.length)}`;
}

const sentence = (parts: readonly string[]): string => {
  const text = parts.join(', and ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

function unclear(device: string, path: string): Finding {
  return {
    severity: 'warning',
    code: 'DEVICE_NAME_UNCLEAR',
    message: `/etc/fstab mounts ${device} on ${path}, and several of the converted volumes could be meant.`,
    next: `Write the UUID of the right volume into /etc/fstab of the virtual machine; until then it starts without ${path}.`,
  };
}
