import { describe, expect, test } from 'vitest';
import { networkAddresses } from '../../../../../migration-core/guest/linux/network/addresses.ts';
import { fix } from '../../../../support/fix-linux.ts';
import type { Tree } from '../../../../support/linux-guests.ts';

const OLD = '00:25:90:0a:00:01';
const NEW = '52:54:00:aa:00:01';

/** The one card of the server has a new address; what becomes of the file? */
async function rebound(path: string, text: string, more: Tree = {}, name = 'eno1'): Promise<string | null> {
  const { after } = await fix(networkAddresses, { [path]: text, ...more }, { nics: [{ name, mac: NEW }] });
  return after.readText(path);
}

describe('bindings to the old card follow the new one, in their own spelling', () => {
  test('ifcfg: HWADDR, not MACADDR; quotes, case and comments as they were', async () => {
    const path = '/etc/sysconfig/network-scripts/ifcfg-eno1';
    const text = `# HWADDR=${OLD}\nDEVICE=eno1\nHWADDR='${OLD.toUpperCase()}' # card\nONBOOT=yes\n`;
    expect(await rebound(path, text)).toBe(text.replace(OLD.toUpperCase(), NEW.toUpperCase()));
    const set = `DEVICE=eno1\nMACADDR=${OLD}\n`;
    expect(await rebound(path, set)).toBe(set);
  });

  test('netplan: match, not macaddress of the definition; all else byte for byte', async () => {
    const path = '/etc/netplan/50-cloud-init.yaml';
    const text = [
      `# generated, ${OLD}`,
      'network:',
      '    ethernets:',
      '        eno1:',
      '            addresses: [192.0.2.7/24]   # main',
      '            match:',
      `                macaddress: '${OLD}'`,
      `            macaddress: ${OLD}`,
      '            set-name: eno1',
      '    version: 2\r',
      '',
    ].join('\n');
    expect(await rebound(path, text)).toBe(text.replace(`'${OLD}'`, `'${NEW}'`));
    const flow = `network: {version: 2, ethernets: {x: {match: {macaddress: "${OLD}"}, set-name: eno1}}}\n`;
    expect(await rebound(path, flow)).toBe(flow.replace(OLD, NEW));
  });

  test('NetworkManager: mac-address, not cloned-mac-address; and the lists of devices', async () => {
    const path = '/etc/NetworkManager/system-connections/eno1.nmconnection';
    const text = `[connection]\ntype=ethernet\ninterface-name=eno1\n\n[ethernet]\ncloned-mac-address=${OLD.toUpperCase()}\nmac-address=${OLD.toUpperCase()}\n`;
    const list = `[main]\nno-auto-default=${OLD},00:11:22:33:44:55\n[keyfile]\nunmanaged-devices=mac:${OLD};interface-name:lo\n`;
    const { after } = await fix(
      networkAddresses,
      { [path]: { file: text, mode: 0o600 }, '/etc/NetworkManager/conf.d/x.conf': list },
      { nics: [{ name: 'eno1', mac: NEW }] },
    );
    expect(await after.readText(path)).toBe(
      text.replace(`\nmac-address=${OLD.toUpperCase()}`, `\nmac-address=${NEW.toUpperCase()}`),
    );
    expect((await after.stat(path))?.mode).toBe(0o600);
    expect(await after.readText('/etc/NetworkManager/conf.d/x.conf')).toBe(list.replaceAll(OLD, NEW));
  });

  test('networkd: [Match], not [Link]', async () => {
    const path = '/etc/systemd/network/10-eno1.network';
    const text = `[Match]\nName=eno1\nMACAddress=${OLD}\n[Link]\nMACAddress=${OLD}\n[Network]\nDHCP=yes\n`;
    expect(await rebound(path, text)).toBe(text.replace(OLD, NEW));
  });

  test('ifupdown and iftab: choice by address, not hwaddress', async () => {
    const path = '/etc/network/interfaces';
    const text = `auto mac/${OLD}=eno1\niface eno1 inet dhcp\n  hwaddress ether ${OLD}\n`;
    const iftab = { '/etc/iftab': `eno1 mac ${OLD} arp 1\n` };
    expect(await rebound(path, text, iftab)).toBe(text.replace(OLD, NEW));
    expect(await rebound('/etc/iftab', iftab['/etc/iftab'], { [path]: text })).toBe(
      `eno1 mac ${NEW} arp 1\n`,
    );
  });
});

test('two cards whose addresses change places are not mixed up', async () => {
  const at = '/etc/sysconfig/network-scripts/ifcfg-';
  const { after } = await fix(
    networkAddresses,
    { [`${at}eno1`]: `DEVICE=eno1\nHWADDR=${OLD}\n`, [`${at}eno2`]: `DEVICE=eno2\nHWADDR=${NEW}\n` },
    {
      nics: [
        { name: 'eno1', mac: NEW },
        { name: 'eno2', mac: OLD },
      ],
    },
  );
  expect(await after.readText(`${at}eno1`)).toBe(`DEVICE=eno1\nHWADDR=${NEW}\n`);
  expect(await after.readText(`${at}eno2`)).toBe(`DEVICE=eno2\nHWADDR=${OLD}\n`);
});

test('a kept address changes nothing; a binding to a card that stays behind is said', async () => {
  const path = '/etc/sysconfig/network-scripts/ifcfg-eno1';
  const files = { [path]: `DEVICE=eno1\nHWADDR=${OLD}\n` };
  const kept = await fix(networkAddresses, files, { nics: [{ name: 'eno1', mac: OLD }] });
  expect([kept.changes, kept.findings]).toEqual([[], []]);
  const lost = await fix(networkAddresses, files, { nics: [] });
  expect([lost.changes, lost.findings]).toEqual([[], ['NETWORK_BINDING_WITHOUT_CARD']]);
});

test('bonds: a single card left, and LACP', async () => {
  const files = {
    '/etc/network/interfaces': 'iface bond0 inet dhcp\n bond-slaves eno1 eno2\n bond-mode 4\n',
  };
  const both = await fix(networkAddresses, files, {
    nics: [
      { name: 'eno1', mac: NEW },
      { name: 'eno2', mac: OLD },
    ],
  });
  expect(both.findings).toEqual(['NETWORK_BOND_LACP']);
  const one = await fix(networkAddresses, files, { nics: [{ name: 'eno1', mac: NEW }] });
  expect(one.findings).toEqual(['NETWORK_BOND_SINGLE_CARD', 'NETWORK_BOND_LACP']);
});
