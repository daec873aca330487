/**
 * What Windows Server does with disks it meets for the first time. Behind a new controller every data disk is one; by the policy of
 * Enterprise and Datacenter editions, disks on a bus that could be shared stay offline and their drives are missing.
 */
import type { Finding } from '../../../base/finding.ts';
import { dword, readDword } from '../../../registry/types.ts';
import type { FixContext, Fixer, FixPlan } from '../../fixer.ts';
import { isAtLeast } from '../services/catalogue.ts';
import { serviceKey, unlessDamaged } from '../services/service-keys.ts';
import { setValue } from '../storage/service-key.ts';

/** OnlineAll of VDS_SAN_POLICY; 2 OfflineShared, 3 OfflineAll, 4 OfflineInternal. */
const ONLINE_ALL = 1;
const POLICIES: Record<number, string> = {
  2: 'shared disks offline',
  3: 'all new disks offline',
  4: 'internal disks offline',
};

export const sanPolicy: Fixer = {
  id: 'windows-san-policy',
  title: 'Data disks come online',
  // Server 2003 has no such policy, and client editions bring all disks online.
  applies: ({ guest: { windows }, machine }) =>
    windows !== undefined &&
    /^server/u.test(windows.installation) &&
    isAtLeast(windows.ntVersion, 6, 0) &&
    machine.disks.length > 1,
  plan,
};

async function plan({ guest, hives }: FixContext): Promise<FixPlan> {
  const windows = guest.windows!;
  if (windows.roles.includes('cluster')) return { edits: [], findings: [clusterKeepsIts()] };
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const findings: Finding[] = [];
  const changes = windows.controlSets.flatMap((controlSet) => {
    const service = serviceKey(controlSet, 'partmgr');
    const key = `${service}\\Parameters`;
    const isSet = unlessDamaged(findings, 'what becomes of new disks', true, () => {
      if (system.find(service) === undefined) return true;
      const value = system.find(key)?.value('SanPolicy');
      return value !== undefined && readDword(value) === ONLINE_ALL;
    });
    return isSet ? [] : [setValue(key, 'SanPolicy', dword(ONLINE_ALL))];
  });
  if (changes.length === 0) return { edits: [], findings };
  const before = windows.sanPolicy === null ? undefined : POLICIES[windows.sanPolicy];
  return {
    edits: [
      {
        what: `Windows brings all disks online that it meets for the first time (SAN policy 1${before === undefined ? '' : `; it was ${windows.sanPolicy}, ${before}`}).`,
        why: 'Behind their new controller all data disks are new to it, and their drives would be missing; the setting stays, because the disks would be new again after the next move.',
        action: { kind: 'registry', path, changes },
      },
    ],
    findings,
  };
}

const clusterKeepsIts = (): Finding => ({
  severity: 'warning',
  code: 'SAN_POLICY_OF_CLUSTER',
  message:
    'The server is a node of a failover cluster, which decides itself which disks are online, so the policy for new disks is left as it is.',
  next: 'After the first start bring the data disks online in Disk Management, as far as they are not those of the cluster.',
});
