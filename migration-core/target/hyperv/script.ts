/** The PowerShell script that makes a machine on Hyper-V. Judged by a grammar of PowerShell and Microsoft's table of cmdlets. */
import type { VirtualDisk, VirtualMachine, VirtualNic } from '../machine.ts';
import { psFile, psQuoted } from './powershell.ts';

export const IMPORT_SCRIPT = 'import-hyperv.ps1';
/** A private switch connects its machines with each other and with nothing else. */
export const ISOLATED_SWITCH = 'ironlift-isolated';
/** An internal switch connects its machines with the host too. */
const HOST_ONLY_SWITCH = 'ironlift-host-only';
/** The one of Windows 10 and 11 that translates addresses. */
export const DEFAULT_SWITCH = 'Default Switch';
const DISKS_PER_CONTROLLER = 64;

/** The switch of a card, and the kind by which the script makes it where it is missing; null: it must be there. */
function switchOf({ mode, network }: VirtualNic): { name: string; make: 'Private' | 'Internal' | null } {
  if (mode === 'isolated') return { name: network ?? ISOLATED_SWITCH, make: 'Private' };
  if (mode === 'host-only') return { name: network ?? HOST_ONLY_SWITCH, make: 'Internal' };
  return { name: network ?? DEFAULT_SWITCH, make: null };
}

/**
 * Machines are handled as objects, never by name: to the cmdlets a name is a pattern, in which brackets and stars mean
 * something. The note with the UUID tells whether a machine of that name is this one.
 */
export function importScript(machine: VirtualMachine): string {
  const { disks, nics } = machine;
  const uefi = machine.firmware === 'uefi';
  const bytes = Math.ceil(machine.memoryMiB / 2) * 2 * 2 ** 20;
  const scsi = disks.filter(({ bus }) => bus === 'hyperv-scsi');
  const controllers = Math.max(0, ...scsi.map(({ unit }) => Math.floor(unit / DISKS_PER_CONTROLLER) + 1));
  const ideBeyondFirst = disks.some(({ bus, unit }) => bus === 'ide' && unit >= 2);
  const switches = new Map(nics.map((nic) => [switchOf(nic).name, switchOf(nic).make]));
  return psFile([
    '#Requires -Version 5.1',
    '#Requires -Modules Hyper-V',
    '# Makes the virtual machine and attaches the disks that lie beside this script. Changes no machine that exists.',
    '[CmdletBinding()]',
    'param(',
    ...(uefi
      ? [
          '    # Switches Secure Boot on; the boot loader must be signed by Microsoft.',
          '    [switch] $SecureBoot,',
          '',
        ]
      : []),
    '    # Folder of the disks; they are used where they lie.',
    '    [string] $Folder = $PSScriptRoot',
    ')',
    "$ErrorActionPreference = 'Stop'",
    'Set-StrictMode -Version 2.0',
    '',
    `$name = ${psQuoted(machine.name)}`,
    `$note = ${psQuoted(`Converted from a physical server by Ironlift, machine ${machine.uuid}`)}`,
    `$files = @(${disks.map(({ file }) => psQuoted(file)).join(', ')})`,
    '',
    '# Everything is checked before anything is made.',
    '$same = @(Get-VM | Where-Object { $_.Name -eq $name })',
    'if (@($same | Where-Object { $_.Notes -eq $note }).Count -gt 0) {',
    '    Write-Output "The machine $name is there already; nothing was changed."',
    '    exit 0',
    '}',
    'if ($same.Count -gt 0) {',
    '    throw "There is another machine with the name $name; nothing was changed. Rename one of them first."',
    '}',
    'foreach ($file in $files) {',
    '    $path = Join-Path -Path $Folder -ChildPath $file',
    '    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { throw "The disk $path is missing." }',
    '    # Hyper-V refuses files that NTFS stores sparse, compressed or encrypted.',
    "    $unwanted = [IO.FileAttributes] 'SparseFile, Compressed, Encrypted'",
    '    if (((Get-Item -LiteralPath $path -Force).Attributes -band $unwanted) -ne 0) {',
    '        throw "The disk $path is sparse, compressed or encrypted on its volume. Copy it to another folder with Copy-Item and run this script there."',
    '    }',
    '}',
    ...[...switches].flatMap(([name, make]) =>
      make === null
        ? [
            `if (@(Get-VMSwitch | Where-Object { $_.Name -eq ${psQuoted(name)} }).Count -eq 0) {`,
            `    throw ${psQuoted(`This host has no virtual switch "${name}". Create it in the Virtual Switch Manager first.`)}`,
            '}',
          ]
        : make === 'Private'
          ? [
              `if (@(Get-VMSwitch | Where-Object { $_.Name -eq ${psQuoted(name)} -and $_.SwitchType -ne 'Private' }).Count -gt 0) {`,
              `    throw ${psQuoted(`The switch "${name}" of this host is not private: on it the machine could meet the original server.`)}`,
              '}',
            ]
          : [],
    ),
    '',
    ...[...switches].flatMap(([name, make]) =>
      make === null
        ? []
        : [
            `if (@(Get-VMSwitch | Where-Object { $_.Name -eq ${psQuoted(name)} }).Count -eq 0) {`,
            `    New-VMSwitch -Name ${psQuoted(name)} -SwitchType ${make} | Out-Null`,
            '}',
          ],
    ),
    '',
    '$vm = $null',
    'try {',
    ...[
      `$vm = New-VM -Name $name -Generation ${uefi ? 2 : 1} -MemoryStartupBytes ${bytes} -NoVHD`,
      'Set-VM -VM $vm -Notes $note',
      '# Windows 10 and 11 would else make a checkpoint at every start; Windows Server 2016 does not know the setting.',
      "if ((Get-Command -Name Set-VM).Parameters.ContainsKey('AutomaticCheckpointsEnabled')) {",
      '    Set-VM -VM $vm -AutomaticCheckpointsEnabled $false',
      '}',
      'Set-VMMemory -VM $vm -DynamicMemoryEnabled $false',
      `Set-VMProcessor -VM $vm -Count ${machine.cpus}`,
      '',
      ...(ideBeyondFirst
        ? [
            '# The DVD drive has the place of a disk.',
            'Get-VMDvdDrive -VM $vm | ForEach-Object { Remove-VMDvdDrive -VMDvdDrive $_ }',
          ]
        : []),
      ...(controllers > 0
        ? [
            `while (@(Get-VMScsiController -VM $vm).Count -lt ${controllers}) { Add-VMScsiController -VM $vm }`,
          ]
        : []),
      ...disks.map(attachDisk),
      '',
      ...firmwareLines(machine),
      '',
      '# The card that every new machine gets.',
      'Get-VMNetworkAdapter -VM $vm | ForEach-Object { Remove-VMNetworkAdapter -VMNetworkAdapter $_ }',
      ...nics.flatMap(addCard),
    ].map((line) => (line === '' ? '' : `    ${line}`)),
    '} catch {',
    '    # The disks stay: only what was made here goes.',
    '    if ($null -ne $vm) { Remove-VM -VM $vm -Force }',
    '    throw',
    '}',
    'Write-Output "The machine $name is ready. Start it in Hyper-V Manager."',
  ]);
}

function attachDisk({ bus, unit, file }: VirtualDisk): string {
  const perController = bus === 'ide' ? 2 : DISKS_PER_CONTROLLER;
  return (
    `Add-VMHardDiskDrive -VM $vm -ControllerType ${bus === 'ide' ? 'IDE' : 'SCSI'} ` +
    `-ControllerNumber ${Math.floor(unit / perController)} -ControllerLocation ${unit % perController} ` +
    `-Path (Join-Path -Path $Folder -ChildPath ${psQuoted(file)})`
  );
}

function firmwareLines(machine: VirtualMachine): string[] {
  if (machine.firmware === 'bios')
    return ["Set-VMBios -VM $vm -StartupOrder @('IDE', 'CD', 'LegacyNetworkAdapter', 'Floppy')"];
  const first = machine.disks[0]?.unit ?? 0;
  // Linux boot loaders are signed by Microsoft's authority for third parties, not by the one for Windows.
  const template = machine.os.id === 'windows' ? 'MicrosoftWindows' : 'MicrosoftUEFICertificateAuthority';
  return [
    'if ($SecureBoot) {',
    `    Set-VMFirmware -VM $vm -EnableSecureBoot On -SecureBootTemplate '${template}'`,
    '} else {',
    '    Set-VMFirmware -VM $vm -EnableSecureBoot Off',
    '}',
    `$first = Get-VMHardDiskDrive -VM $vm -ControllerType SCSI -ControllerNumber ${Math.floor(first / DISKS_PER_CONTROLLER)} -ControllerLocation ${first % DISKS_PER_CONTROLLER}`,
    'Set-VMFirmware -VM $vm -FirstBootDevice $first',
  ];
}

function addCard(nic: VirtualNic, index: number): string[] {
  const name = `Network card ${index + 1}${nic.guestName === null ? '' : ` (${nic.guestName})`}`;
  const mac = nic.mac.replaceAll(':', '').toUpperCase();
  return [
    `$card = Add-VMNetworkAdapter -VM $vm -Name ${psQuoted(name)} -StaticMacAddress '${mac}'${nic.model === 'tulip' ? ' -IsLegacy $true' : ''} -Passthru`,
    `$network = @(Get-VMSwitch | Where-Object { $_.Name -eq ${psQuoted(switchOf(nic).name)} })[0]`,
    'Connect-VMNetworkAdapter -VMNetworkAdapter $card -VMSwitch $network',
    ...(nic.vlan === null
      ? []
      : [`Set-VMNetworkAdapterVlan -VMNetworkAdapter $card -Access -VlanId ${nic.vlan}`]),
  ];
}
