/** Numbers of placement. Values and sources are in resources/rules. */
import { z } from 'zod';
import { CRITICALITIES } from '../../store/model/annotations.ts';
import { numberRule, rule } from '../../assess/rules/pack.ts';

const share = z.number().min(0).max(1);
const positive = z.number().int().positive();
const names = z.array(z.string()).min(1);

export const PLACE = {
  hypervisorMemory: numberRule('place.hypervisorMemory', 'Memory a host keeps at least', 'bytes'),
  hypervisorMemoryShare: rule('place.hypervisorMemoryShare', 'Share of memory a host keeps', '', share),
  hypervisorCpuShare: rule('place.hypervisorCpuShare', 'Share of processors a host keeps', '', share),
  hypervisorCores: rule('place.hypervisorCores', 'Cores a host keeps at most', 'cores', z.number().min(0)),
  machinesPerHost: rule('place.machinesPerHost', 'Machines on one host', '', positive),
  criticalPerHost: rule('place.criticalPerHost', 'Critical machines on one host', '', positive),
  clusterSpread: rule('place.clusterSpread', 'Hosts a cluster is spread over', 'hosts', positive),
  domainControllerSpread: rule(
    'place.domainControllerSpread',
    'Hosts domain controllers are spread over',
    'hosts',
    positive,
  ),
  replicaSpread: rule('place.replicaSpread', 'Hosts replicas are spread over', 'hosts', positive),
  domainControllerRoles: rule('place.domainControllerRoles', 'Roles of a domain controller', '', names),
  clusterRoles: rule('place.clusterRoles', 'Roles of a node of a cluster', '', names),
  replicaRoles: rule('place.replicaRoles', 'Roles of servers that have replicas', '', names),
  osInstancesPerHost: rule(
    'place.osInstancesPerHost',
    'Instances on one host of OS virtualization',
    '',
    positive,
  ),
  managementSystems: rule(
    'place.managementSystems',
    'Systems that manage the hosts',
    '',
    z.number().int().min(0),
  ),
  minimumNicPorts: rule('place.minimumNicPorts', 'Network ports of a host', 'ports', positive),
  minimumStoragePaths: rule('place.minimumStoragePaths', 'Storage ports of a host', 'ports', positive),
  minimumPowerSupplies: rule('place.minimumPowerSupplies', 'Power supplies of a host', '', positive),
  machinesPerPort: rule('place.machinesPerPort', 'Machines on one port', '', positive),
  machinesPerPortSpeed: rule(
    'place.machinesPerPortSpeed',
    'Speed of the port they share',
    'bit/s',
    z.number().positive(),
  ),
  blastRadius: rule('place.blastRadius', 'Machines on a host without failover', '', positive),
  portsPerSegment: rule('place.portsPerSegment', 'Ports of a segment without trunks', 'ports', positive),
  storagePathShare: rule('place.storagePathShare', 'Use of the storage ports', '', share),
  recoveryCpu: rule('place.recoveryCpu', 'Ceiling of processors at a recovery site', '', share),
  recoveryMemory: rule('place.recoveryMemory', 'Ceiling of memory at a recovery site', '', share),
  recoveryCriticality: rule(
    'place.recoveryCriticality',
    'Least criticality that fails over to another site',
    '',
    z.enum(CRITICALITIES),
  ),
} as const;
