/** A driver as its INF file describes it for one Windows: what a driver source gives to the fixers. */

/** One of the services of an INF that the devices of a package are bound to. */
export interface DriverService {
  name: string;
  displayName: string;
  /** ServiceType, StartType, ErrorControl of the INF's service section. */
  type: number;
  start: number;
  errorControl: number;
  group: string;
  /** Name of the .sys file. */
  binary: string;
  /** Values below the service's key that the INF adds (HKR of the service section), as stored. */
  values: { key: string; name: string; type: number; data: Uint8Array }[];
}

export interface DriverDevice {
  description: string;
  /** As the INF writes them, the best match first: `PCI\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00`. */
  hardwareIds: string[];
  compatibleIds: string[];
  /** The service with the flag SPSVCINST_ASSOCSERVICE; null where the INF binds none. */
  service: DriverService | null;
}

export interface DriverFile {
  /** As the INF spells it. */
  name: string;
  /** Where it has to lie beside the INF, with slashes: `amd64/viostor.sys`; the name alone unless told. */
  path?: string;
  /** Where the INF copies it: below `System32\drivers` (DirID 12), `System32` (11), the driver store (13), or elsewhere. */
  destination: 'drivers' | 'system32' | 'store' | 'other';
  bytes: number;
  /** The whole file. @throws READ_FAILED, FILE_TOO_LARGE */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Who has signed a catalogue. */
export interface CatalogueSigner {
  /** As the certificate has it: `Red Hat, Inc.`. */
  name: string;
  /** Microsoft itself has signed: after its tests (WHQL), by attestation, or a driver of its own. */
  microsoft: boolean;
  /** SHA-1 of the certificate, as Windows names certificates in its registry: 40 capital hex digits. */
  thumbprint: string;
  /** The catalogue has a certificate by which kernels take the signer's signature for one that Microsoft knows. */
  crossSigned: boolean;
}

export interface DriverPackage {
  /** `viostor.inf`. */
  inf: string;
  /** For people: where it was found, `virtio-win.iso: viostor/2k22/amd64`. */
  source: string;
  provider: string;
  /** `SCSIAdapter`, and `{4D36E97B-E325-11CE-BFC1-08002BE10318}` in capitals. */
  className: string;
  classGuid: string;
  /** DriverVer: date as `2024-05-17`, version as `100.95.104.26200`. */
  date: string;
  version: string;
  devices: DriverDevice[];
  /** All that belongs to the package: the INF, its catalogue (.cat) and every file it copies. */
  files: DriverFile[];
  /** Digest of the signature of the catalogue; `none` without a catalogue. Old Windows knows no SHA-2. */
  signature: 'sha1' | 'sha2' | 'unknown' | 'none';
  /** Who has signed the catalogue, mostly one; absent where nobody has or it cannot be read. */
  signers?: readonly CatalogueSigner[];
  /** What is missing of the package or odd about it: sentences without beginning and end, `its file x.sys is not in the source`. */
  problems?: string[];
}

/** An opened driver source: an ISO image, a folder, or an archive that the user pointed at. */
export interface DriverSource {
  /** As the user named it. */
  readonly path: string;
  /**
   * The best package for each device, for this Windows: by the decorations of the INF's models section
   * (NTamd64.10.0...20348), then by version. Packages for other versions and architectures are left out.
   */
  packagesFor(windows: {
    ntVersion: string;
    build: number;
    architecture: 'x86' | 'amd64' | 'arm64';
    server: boolean;
  }): Promise<DriverPackage[]>;
  close(): Promise<void>;
}
