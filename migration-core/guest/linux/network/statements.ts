/** What the network files of a guest say, one statement for each mention of an interface; read.ts puts them together. */
import type { Finding } from '../../../base/finding.ts';

export type StatedKind = 'physical' | 'bond' | 'vlan' | 'bridge' | 'virtual';

export interface Statement {
  name: string;
  /** Guest path. */
  file: string;
  /** Null where the file does not say. `virtual` is what needs no card: loopback, dummy, tunnels. */
  kind: StatedKind | null;
  /** `192.0.2.10/24`, `dhcp`. */
  addresses: string[];
  /** Interfaces this one stands on: slaves of a bond, ports of a bridge, the parent of a VLAN. */
  members: string[];
  /** Of a bond: `802.3ad`, `active-backup`; null where the file does not say. */
  mode: string | null;
}

/**
 * A file tells which address the card of this name has. Rank: how much it is to be trusted, 0 the most.
 * 0 the configuration is bound to the card of this address; 1 a rule names the card; 2 the name holds the address;
 * 3 the address is set on the interface; 4 a lease remembers it.
 */
export interface MacEvidence {
  name: string;
  mac: string;
  rank: 0 | 1 | 2 | 3 | 4;
  file: string;
}

/** A file that is for the card of an address and does not say its name; another file may. */
export interface UnnamedStatement {
  mac: string;
  file: string;
  addresses: string[];
}

export interface NetworkFacts {
  statements: Statement[];
  unnamed: UnnamedStatement[];
  evidence: MacEvidence[];
  findings: Finding[];
}

export function noFacts(): NetworkFacts {
  return { statements: [], unnamed: [], evidence: [], findings: [] };
}

export function statement(name: string, file: string, more: Partial<Statement> = {}): Statement {
  return { name, file, kind: null, addresses: [], members: [], mode: null, ...more };
}

/** A file, or a part of one, that is not taken into account: said, never guessed. */
export function notUnderstood(file: string, what: string): Finding {
  return {
    severity: 'warning',
    code: 'NETWORK_NOT_UNDERSTOOD',
    message: `${file} was not taken into account: ${what}.`,
    next: 'Check the network of the virtual machine after its first boot.',
  };
}

/** Names of the kernel's rule: 1 to 15 characters, no slash, no space (dev_valid_name). Ours leave out what needs quoting. */
export function isInterfaceName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,15}$/.test(name) && name !== '.' && name !== '..' && !/^\d+$/.test(name);
}
