import { fixture } from '../../../registry/fixtures.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { runBench, driverFilesOf } from './bench.ts';
import { it } from 'vitest';
it('x', async () => {
  const cases: [string,string,string,string,any,any][] = [
    ['bitcurator-M57-PAT-SYSTEM','5.1','kvm','ide','bios',['pciide.sys']],
    ['bitcurator-M57-PAT-SYSTEM','5.1','kvm','ahci','bios',[]],
    ['bitcurator-M57-PAT-SYSTEM','5.1','vmware-esxi','lsi','bios',[]],
    ['hackfortress-xp-system','5.1','kvm','ide','bios',['pciide.sys']],
    ['hackfortress-xp-system','5.1','hyperv','ide','bios',[]],
    ['regipy-SYSTEM','6.1','kvm','ahci','bios',[]],
    ['regipy-SYSTEM','6.1','kvm','virtio-blk','bios',[]],
    ['regipy-SYSTEM','6.1','hyperv','ide','bios',[]],
    ['regipy-SYSTEM','6.1','hyperv','hyperv-scsi','uefi',[]],
    ['regipy-SYSTEM','6.1','vmware-esxi','lsi','bios',[]],
    ['regipy-SYSTEM','6.1','vmware-esxi','nvme','bios',[]],
    ['dissect.regf-SYSTEM','10.0','kvm','ahci','uefi',[]],
    ['dissect.regf-SYSTEM','10.0','kvm','ide','bios',[]],
    ['dissect.regf-SYSTEM','10.0','hyperv','hyperv-scsi','uefi',[]],
    ['dissect.regf-SYSTEM','10.0','hyperv','ide','bios',[]],
    ['dissect.regf-SYSTEM','10.0','vmware-esxi','lsi-sas','uefi',[]],
    ['dissect.regf-SYSTEM','10.0','vmware-esxi','pvscsi','uefi',[]],
    ['dissect.regf-SYSTEM','10.0','vmware-esxi','lsi','uefi',[]],
    ['dissect.regf-SYSTEM','10.0','vmware-esxi','nvme','uefi',[]],
  ];
  for (const [h, nt, target, bus, fw, extra] of cases) {
    const system = fixture('system/'+h);
    const r = await runBench({ ntVersion: nt, system, drivers: [...driverFilesOf(openHive(system)), 'mountmgr.sys','partmgr.sys','volsnap.sys', ...extra], target, buses: [bus as any], firmware: fw });
    console.log('=====', h, target, bus); for (const e of r.edits) console.log('E', e.what, '|', e.why);
    for (const f of r.findings) console.log('F', f.severity, f.code, f.message, '>>', f.next);
    for (const d of r.difference) console.log('   ', d);
    console.log('again', (await r.again()).length);
  }
}, 600000);
