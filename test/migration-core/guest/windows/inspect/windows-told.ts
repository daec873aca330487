/** What is said of a Windows server that differs from the ordinary one in what a test names. */
import { expect } from 'vitest';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import type { WindowsFacts } from '../../../../../migration-core/guest/windows/facts.ts';
import { windowsVolumes, type WindowsGuestOptions } from '../../../../support/windows-guest.ts';

export const CURRENT = 'Microsoft\\Windows NT\\CurrentVersion';

export async function factsOf(options: Partial<WindowsGuestOptions>): Promise<WindowsFacts> {
  return (await inspectGuest(await windowsVolumes({ version: '2022', ...options }))).guest.windows!;
}

/** Messages by their codes. */
export async function told(options: Partial<WindowsGuestOptions>): Promise<Record<string, string>> {
  const { findings } = await inspectGuest(await windowsVolumes({ version: '2022', ...options }));
  for (const { next } of findings) expect(next).toMatch(/^[A-Z].*\.$/u);
  return Object.fromEntries(findings.map(({ code, message }) => [code, message]));
}
