/** /etc/crypttab: encrypted data volumes and swap by names that hold, those left behind optional. crypttab(5). */
import type { Fixer } from '../fixer.ts';
import { blockNames, listed } from './block-names.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

export const crypttab: Fixer = {
  id: 'crypttab',
  title: 'Names of encrypted volumes in /etc/crypttab',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    const file = await readTextFile(context.files, '/etc/crypttab');
    if (file === null) return plan.finished();
    const names = blockNames(context);
    const changed: string[] = [];
    const lines = file.text.split('\n').map((line) => {
      // name, device, key file, options
      const fields = /^(\s*[^#\s]\S*\s+)(\S+)((?:\s+\S+)?)((?:\s+\S+)?)(.*)$/s.exec(line);
      if (fields === null || line.includes('\0')) return line;
      const [, name = '', device = '', key = '', options = '', rest = ''] = fields;
      const stable = names.stable(device);
      if (stable.kind === 'becomes') {
        changed.push(device);
        // Only LUKS has a UUID of its own; what looks like one on plain encryption goes with each new random key.
        const { type, partUuid } = stable.volume;
        if (type === 'crypto_LUKS') return `${name}${stable.name}${key}${options}${rest}`;
        if (partUuid !== '') return `${name}/dev/disk/by-partuuid/${partUuid}${key}${options}${rest}`;
        changed.pop();
        return line;
      }
      const optional = /(^|[\s,])(nofail|noauto)(,|\s|$)/.test(options);
      if (stable.kind === 'stays' || optional || context.guest.init !== 'systemd') return line;
      changed.push(device);
      const list = options === '' ? '\tnofail' : `${options},nofail`;
      return `${name}${device}${key === '' ? '\tnone' : key}${list}${rest}`;
    });
    await plan.rewrite(file, lines.join('\n'), {
      what: `${listed(changed)} in /etc/crypttab ${changed.length === 1 ? 'is' : 'are'} named by what is written on the volume, or made optional where the volume is not converted.`,
      why: 'The virtual machine gives its disks other device names, and its start must not wait for disks it does not have.',
    });
    return plan.finished();
  },
};
