/** A driver that Windows needs to reach its own files, in the terms of the registry. */

export interface BootDriver {
  /** Key below Services: `viostor`. */
  service: string;
  displayName: string;
  /** Type, ErrorControl and Group of its service key. */
  type: number;
  errorControl: number;
  group: string;
  /** Name of the .sys file below System32\drivers. */
  binary: string;
  /** `{4D36E97B-E325-11CE-BFC1-08002BE10318}`. */
  classGuid: string;
  /** Hardware IDs with backslash: `PCI\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00`, `*PNP0600`. */
  hardwareIds: string[];
  /** The INF it comes with, where it is not one of Windows itself. */
  package: { inf: string; provider: string; date: string; version: string } | null;
  /** Further values below its service key. */
  values: { key: string; name: string; type: number; data: Uint8Array }[];
}
