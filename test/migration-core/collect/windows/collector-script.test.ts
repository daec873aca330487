/**
 * The PowerShell collector. No PowerShell runs here, so an independent grammar judges its syntax, and the lists below
 * what it may use: commands and parameters of Windows PowerShell 2.0, or of 3.0 behind the question whether they exist.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WINDOWS_PARTS } from '../../../../migration-core/collect/windows/schema.ts';
import { parsePowerShell } from '../../../support/powershell.ts';

const text = readFileSync(new URL('../../../../resources/collectors/windows.ps1', import.meta.url), 'utf8');

/** Every cmdlet that is allowed, with its parameters; all of them are in Windows PowerShell 2.0. */
const CMDLETS: Record<string, string[]> = {
  'Set-StrictMode': ['Version'],
  'New-Object': ['Property'],
  'Get-Command': ['Name', 'ErrorAction'],
  'Get-WmiObject': ['Namespace', 'Class'],
  'Join-Path': [],
  'Split-Path': ['Parent'],
  'Get-Location': [],
  'Get-Item': [],
  'ForEach-Object': [],
  'Sort-Object': [],
  'Start-Sleep': ['Milliseconds'],
  'Write-Output': [],
  'Add-Type': ['AssemblyName'],
};
/** Of PowerShell 3.0; used only where Get-Command has found them. */
const CIM: Record<string, string[]> = {
  'Get-CimInstance': ['Namespace', 'ClassName', 'OperationTimeoutSec'],
  'Invoke-CimMethod': ['InputObject', 'MethodName'],
};

describe('the Windows collector script', async () => {
  const script = await parsePowerShell(text);
  const functions = new Set([...text.matchAll(/^function ([A-Za-z-]+)/gmu)].map((match) => match[1]!));

  it('is PowerShell', async () => {
    expect(script.hasError).toBe(false);
    // The grammar does see mistakes.
    expect(
      (await parsePowerShell(text.replace('$ErrorActionPreference =', '$ErrorActionPreference = = {')))
        .hasError,
    ).toBe(true);
  });

  it('uses commands and parameters that every Windows PowerShell has, and nothing that writes', () => {
    const unknown = script.commands.flatMap(({ name, parameters }) => {
      if (functions.has(name) || name === '$Read' || name.includes('netstat.exe')) return [];
      const allowed = CMDLETS[name] ?? CIM[name];
      if (allowed === undefined) return [name];
      return parameters.filter((one) => !allowed.includes(one.name)).map((one) => `${name} -${one.name}`);
    });
    expect(unknown).toEqual([]);
    expect(script.commands.length).toBeGreaterThan(50);
  });

  it('uses no syntax that is newer than Windows PowerShell', () => {
    const code = text
      .replace(/<#[\s\S]*?#>/gu, '')
      .replace(/'[^']*'/gu, "''")
      .replace(/^\s*#.*$/gmu, '');
    expect(code).not.toMatch(/\?\?|\?\.|&&|\|\||\s\?\s/u);
    // New in 3.0 to 5.0.
    expect(code).not.toMatch(
      /\[ordered\]|\[pscustomobject\]|\$PSItem|\$PSScriptRoot|-(?:not)?in\b|-sh[lr]\b/iu,
    );
    expect(code).not.toMatch(/^\s*(?:class|enum|using|configuration|workflow)\s/imu);
    // A file without byte order mark is read in the code page of the system.
    expect(text).toMatch(/^[\x00-\x7f]*$/u);
  });

  it('asks for CIM only where it exists', () => {
    for (const name of Object.keys(CIM))
      for (const line of text.split('\n').filter((one) => one.includes(name)))
        expect(line).toMatch(/\$hasCim/u);
  });

  it('reads no secrets and reaches no network', () => {
    const code = text.replace(/<#[\s\S]*?#>/gu, '');
    expect(code).not.toMatch(
      /'(?:HKLM:?\\)?(?:SAM|SECURITY)\b|Lsa|Credential|Password|Win32_Product'|CommandLine/u,
    );
    expect(code).not.toMatch(
      /WebClient|WebRequest|RestMethod|Invoke-Expression|TcpClient|Sockets|-ComputerName/iu,
    );
    // Services may carry a password in their command line; it is not asked for.
    expect(/@\('Win32_Service'[^\n]*/u.exec(text)![0]).not.toMatch(/PathName/u);
    expect(/@\('Win32_Process'[^\n]*/u.exec(text)![0]).toMatch(/'ProcessId,Name'/u);
  });

  it('opens registry keys for reading alone, and writes only into its own folder', () => {
    expect(text).not.toMatch(/OpenSubKey\([^)]*,|SetValue|CreateSubKey|DeleteSubKey|DeleteValue/u);
    const deleted = [...text.matchAll(/::Delete\(([^)]*)\)/gu)].map((match) => match[1]!);
    expect(new Set(deleted)).toEqual(new Set(['$folder, $true', '$archive']));
  });

  it('writes exactly the parts and properties that the importer knows', () => {
    const classParts = [...text.matchAll(/@\('(\w+)', (?:'[^']*'|\$\w+), '\w+', '[^']*', '([\w,]+)'\)/gu)];
    const otherParts = [...text.matchAll(/@\('(\w+)', '[^']*', '(Read-\w+)'\)/gu)];
    const names = [...classParts, ...otherParts].map((match) => match[1]!);
    expect(names.filter((name) => !(name in WINDOWS_PARTS))).toEqual([]);
    expect(Object.keys(WINDOWS_PARTS).filter((name) => !names.includes(name))).toEqual([]);
    for (const [, name, properties] of classParts) {
      const known = Object.keys(WINDOWS_PARTS[name as keyof typeof WINDOWS_PARTS].shape);
      expect(
        properties!.split(',').filter((one) => !known.includes(one)),
        name,
      ).toEqual([]);
    }
    for (const [, name, reader] of otherParts) {
      const body = new RegExp(`function ${reader!} \\{[\\s\\S]*?\\n\\}`, 'u').exec(text)![0];
      const known = Object.keys(WINDOWS_PARTS[name as keyof typeof WINDOWS_PARTS].shape);
      const written = /New-Record @\(([^)]*)\)/u.exec(body)![1]!.match(/\w+/gu)!;
      expect(written, name).toEqual(known.filter((one) => written.includes(one)));
    }
  });
});
