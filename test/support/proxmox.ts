/** A judge of Proxmox options: the parameter schema of its own API (a dialect of JSON Schema), walked as its program does. */

interface Rule {
  type?: string;
  enum?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  optional?: number;
  format?: string | Record<string, Rule>;
  default_key?: number;
  alias?: string;
  keyAlias?: string;
}

export interface ProxmoxApi {
  parameters: { properties: Record<string, Rule> };
}

/** What is wrong with one option, one sentence each. `net0` is of the family `net[n]`. */
export function proxmoxProblems(api: ProxmoxApi, key: string, value: string): string[] {
  const { properties } = api.parameters;
  const rule = properties[key] ?? properties[key.replace(/\d+$/u, '[n]')];
  return rule === undefined ? [`there is no option ${key}`] : valueProblems(rule, key, value);
}

function valueProblems(rule: Rule, key: string, value: string): string[] {
  if (typeof rule.format === 'object') return listProblems(rule.format, key, value);
  const wrong = (why: string): string[] => [`${key}: "${value}" ${why}`];
  if (rule.enum !== undefined && !rule.enum.includes(value))
    return wrong(`is none of ${rule.enum.join(', ')}`);
  if (rule.pattern !== undefined && !new RegExp(`^(?:${rule.pattern})$`, 'u').test(value))
    return wrong('does not have the pattern');
  if (rule.maxLength !== undefined && value.length > rule.maxLength) return wrong('is too long');
  if (rule.type === 'boolean' && !/^(0|1|yes|no|on|off|true|false)$/u.test(value))
    return wrong('is no boolean');
  if (rule.type === 'integer' && !/^-?\d+$/u.test(value)) return wrong('is no integer');
  if (rule.type === 'integer' || rule.type === 'number') {
    if (rule.minimum !== undefined && Number(value) < rule.minimum) return wrong('is too small');
    if (rule.maximum !== undefined && Number(value) > rule.maximum) return wrong('is too large');
  }
  return typeof rule.format === 'string' ? formatProblems(rule.format, key, value) : [];
}

/** The named formats that the options of this project use; from Proxmox's own definitions of them (pve-common, JSONSchema.pm). */
const FORMATS: Record<string, RegExp> = {
  'dns-name':
    /^(?=.{1,255}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/u,
  'mac-addr': /^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/iu,
  'pve-bridge-id': /^[-_.\w]+$/u,
  'pve-volume-id-or-qm-path': /^(none|cdrom|[a-z][\w.-]*[a-z0-9]:\S+|\/\S*)$/iu,
  'pve-volume-id-or-absolute-path': /^([a-z][\w.-]*[a-z0-9]:\S+|\/.*)$/iu,
  'pve-vm-cpu-conf': /^(cputype=)?[\w-]+(,.*)?$/u,
  'pve-qm-smbios1': /^uuid=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu,
  'pve-qm-boot': /^order=[a-z]+\d+(;[a-z]+\d+)*$/u,
  'pve-qm-bootdisk': /^[a-z]+\d+$/u,
  'disk-size': /^\d+(\.\d+)?[KMGT]?$/u,
  'pve-vmid': /^[1-9]\d{2,8}$/u,
};

function formatProblems(format: string, key: string, value: string): string[] {
  const known = FORMATS[format];
  if (known === undefined) throw new Error(`The judge does not know the format ${format} of ${key}.`);
  return known.test(value) ? [] : [`${key}: "${value}" is no ${format}`];
}

/** `virtio=MAC,bridge=vmbr0`: parts with a name, and one that may go without. */
function listProblems(format: Record<string, Rule>, key: string, value: string): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const part of value.split(',')) {
    const at = part.indexOf('=');
    let name = at < 0 ? null : part.slice(0, at);
    let text = at < 0 ? part : part.slice(at + 1);
    // A volume such as local:0 has no name; a file name may have an equals sign.
    if (name === null || format[name] === undefined) {
      const nameless = Object.entries(format).find(([, rule]) => rule.default_key === 1);
      if (name !== null || nameless === undefined) {
        problems.push(`${key} has no part ${part}`);
        continue;
      }
      [name] = nameless;
    }
    const { alias, keyAlias } = format[name]!;
    if (keyAlias !== undefined) {
      problems.push(...valueProblems(format[keyAlias]!, `${key}.${keyAlias}`, name));
      seen.add(keyAlias);
    }
    const target = alias ?? name;
    if (seen.has(target)) problems.push(`${key} has ${target} twice`);
    seen.add(target);
    problems.push(...valueProblems(format[target]!, `${key}.${target}`, text));
    text = '';
  }
  for (const [name, rule] of Object.entries(format))
    if (rule.optional !== 1 && rule.alias === undefined && !seen.has(name))
      problems.push(`${key} lacks ${name}`);
  return problems;
}
