/** Driver packages for tests: INF files in the shape that makers of virtual hardware give theirs, catalogues, driver files. */
import { catalogue, type Chain } from './catalogues.ts';
import { portableExecutable } from './windows/portable-executable.ts';

export type Architecture = 'x86' | 'amd64' | 'arm64';

export interface PackageOptions {
  /** What it is called: `viostor`. */
  name: string;
  architecture: Architecture;
  /** After `NT` and the architecture, `.6.1`; null for models without a decoration, as before Server 2003 SP1. */
  decoration?: string | null;
  version?: string;
  date?: string;
  digest?: 'sha1' | 'sha256' | null;
  /** Who has signed the catalogue; Microsoft unless told. */
  signer?: Chain;
  /** DirID of the driver: 12, or 13 as newer packages have it. */
  directory?: string;
  encoding?: 'ansi' | 'utf-16le' | 'utf-8';
  /** Version of the driver file itself. */
  fileVersion?: string;
  /** The driver file is for this processor instead. */
  fileArchitecture?: Architecture;
  /** Left out of the folder. */
  without?: string[];
  model?: Model;
}

interface Model {
  className: string;
  classGuid: string;
  description: string;
  /** IDs of each device: hardware ID first. */
  ids: string[][];
  start: 0 | 3;
  group: string;
  busType: number | null;
}

const SCSI = { className: 'SCSIAdapter', classGuid: '{4d36e97b-e325-11ce-bfc1-08002be10318}' };
const virtio = (legacy: string, modern: string, type: string): string[][] => [
  [`PCI\\VEN_1AF4&DEV_${legacy}&SUBSYS_000${type}1AF4&REV_00`, `PCI\\VEN_1AF4&DEV_${legacy}`],
  [`PCI\\VEN_1AF4&DEV_${modern}&SUBSYS_11001AF4&REV_01`, `PCI\\VEN_1AF4&DEV_${modern}`],
];

export const MODELS: Readonly<Record<string, Model>> = {
  viostor: {
    ...SCSI,
    description: 'Example VirtIO SCSI controller',
    ids: virtio('1001', '1042', '2'),
    start: 0,
    group: 'SCSI miniport',
    busType: 1,
  },
  vioscsi: {
    ...SCSI,
    description: 'Example VirtIO SCSI pass-through controller',
    ids: virtio('1004', '1048', '8'),
    start: 0,
    group: 'SCSI miniport',
    busType: 10,
  },
  netkvm: {
    className: 'Net',
    classGuid: '{4d36e972-e325-11ce-bfc1-08002be10318}',
    description: 'Example VirtIO Ethernet Adapter',
    ids: virtio('1000', '1041', '1'),
    start: 3,
    group: 'NDIS',
    busType: null,
  },
  balloon: {
    className: 'System',
    classGuid: '{4d36e97d-e325-11ce-bfc1-08002be10318}',
    description: 'Example VirtIO Balloon Driver',
    ids: virtio('1002', '1045', '5'),
    start: 3,
    group: 'Extended Base',
    busType: null,
  },
  pvscsi: {
    ...SCSI,
    description: 'Example PVSCSI Controller',
    ids: [['PCI\\VEN_15AD&DEV_07C0&SUBSYS_07C015AD&REV_02', 'PCI\\VEN_15AD&DEV_07C0&SUBSYS_07C015AD']],
    start: 0,
    group: 'SCSI miniport',
    busType: 10,
  },
};

export function infText(options: PackageOptions): string {
  const { name, architecture, directory = '12', version = '100.95.104.26200', date = '07/28/2024' } = options;
  const model = options.model ?? MODELS[name]!;
  const decoration = options.decoration === undefined ? '' : options.decoration;
  const ending = decoration === null ? '' : `.NT${architecture}${decoration}`;
  const lines = [
    `; ${name} for ${architecture}; a semicolon in a comment "is nothing`,
    '[Version]',
    'Signature="$Windows NT$"',
    `Class=${model.className}`,
    `ClassGUID=${model.classGuid}`,
    'Provider=%VENDOR%',
    `DriverVer=${date},${version} ; stamped`,
    `CatalogFile=${name}.cat`,
    '',
    '[DestinationDirs]',
    `${name}_Files = ${directory}`,
    '',
    '[SourceDisksNames]',
    '1 = %DISK%,,,""',
    '',
    '[SourceDisksFiles]',
    `${name}.sys = 1,,`,
    '',
    '[Manufacturer]',
    `%VENDOR% = Models${decoration === null ? '' : `,NT${architecture}${decoration}`}`,
    '',
    `[Models${ending}]`,
    ...model.ids.map((ids) => `%DESC% = inst, ${ids.join(', ')}`),
    '',
    '[inst]',
    `CopyFiles = ${name}_Files`,
    '',
    `[${name}_Files]`,
    `${name}.sys,,,2`,
    '',
    '[inst.Services]',
    `AddService = ${name}, 0x00000002, service, log`,
    '',
    '[service]',
    'DisplayName = %DESC%',
    'ServiceType = %SERVICE_KERNEL_DRIVER%',
    `StartType = ${model.start}`,
    'ErrorControl = %SERVICE_ERROR_NORMAL%',
    `ServiceBinary = %${directory}%\\${name}.sys`,
    `LoadOrderGroup = ${model.group}`,
    ...(model.busType === null ? [] : ['AddReg = parameters']),
    '',
    '[parameters]',
    'HKR, "Parameters\\PnpInterface", "5", %REG_DWORD%, 0x00000001',
    `HKR, "Parameters", "BusType", %REG_DWORD%, 0x${(model.busType ?? 0).toString(16).padStart(8, '0')}`,
    '',
    '[log]',
    'AddReg = log_values',
    '[log_values]',
    'HKR,,EventMessageFile,0x00020000,"%%SystemRoot%%\\System32\\IoLogMsg.dll"',
    '',
    '[Strings]',
    'VENDOR = "Example, Inc."',
    `DESC = "${model.description}"`,
    'DISK = "Disk; the only one"',
    'SERVICE_KERNEL_DRIVER = 1',
    'SERVICE_ERROR_NORMAL = 1',
    'REG_DWORD = 0x00010001',
    '',
  ];
  return lines.join('\r\n');
}

/** The files of a package by their names. */
export function packageFiles(options: PackageOptions): Record<string, Uint8Array> {
  const { name, architecture, encoding = 'ansi', digest = 'sha256', without = [] } = options;
  const text = infText(options);
  const files: Record<string, Uint8Array> = {
    [`${name}.inf`]:
      encoding === 'utf-16le'
        ? Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
        : Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'latin1'),
    [`${name}.sys`]: portableExecutable(options.fileArchitecture ?? architecture, {
      originalName: `${name}.sys`,
      version: options.fileVersion ?? options.version ?? '100.95.104.26200',
    }),
  };
  if (digest !== null) files[`${name}.cat`] = catalogue(digest, options.signer);
  return Object.fromEntries(Object.entries(files).filter(([path]) => !without.includes(path)));
}
