/** What a list of servers tells of each; apart from what reads it, so that a page may ask for it by name. */

/** Characters of a list that is pasted; more is imported as a file. */
export const MAX_PASTED = 800_000;

/** What a column can hold, as people call it. */
export const LIST_FIELDS = {
  name: 'Name',
  fqdn: 'Full name',
  os: 'Operating system',
  vendor: 'Manufacturer',
  model: 'Model',
  serial: 'Serial number',
  uuid: 'UUID',
  mac: 'MAC address',
  address: 'IP address',
  cpuModel: 'Processor',
  sockets: 'Sockets',
  cores: 'Cores',
  threads: 'Logical processors',
  megahertz: 'Clock rate in MHz',
  gigahertz: 'Clock rate in GHz',
  memory: 'Memory',
  disk: 'Disk',
  diskUsed: 'Disk in use',
  virtual: 'Hypervisor',
  role: 'Role',
} as const;
export type ListField = keyof typeof LIST_FIELDS;
