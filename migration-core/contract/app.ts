/** The program itself: what its shell can do, and what a person set. */
import { z } from 'zod';
import { call } from './call.ts';

/** What only a shell can do. Screens ask this and never which shell it is. */
export const capabilities = z.object({
  shell: z.enum(['desktop', 'browser']),
  dialogs: z.enum(['native', 'in-app']),
  reveal: z.boolean(),
  /** `kept`: in the system's key store; `session`: until the program ends. */
  credentials: z.enum(['kept', 'session']),
  /** Whether disks of this computer can be read: at once, by a helper that asks for the right, or not. */
  localDisks: z.enum(['direct', 'helper', 'none']),
  /** Whether calls that destroy are taken. */
  destroy: z.boolean(),
  /** Whether the system is kept from sleeping while jobs run. */
  sleepBlocker: z.boolean(),
});
export type Capabilities = z.infer<typeof capabilities>;

export const settings = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  density: z.enum(['normal', 'compact']).default('normal'),
  /** BCP 47; the locale of dates and numbers. null: the system's. */
  locale: z.string().max(35).nullable().default(null),
  /** Name of the consultant and of the firm, for new engagements and reports. */
  consultant: z.string().max(200).default(''),
  company: z.string().max(200).default(''),
});
export type Settings = z.infer<typeof settings>;

const none = z.strictObject({});

export const appCalls = {
  'app.about': call(
    'read',
    none,
    z.object({ version: z.string(), platform: z.string(), capabilities, offline: z.literal(true) }),
  ),
  'app.settings': call('read', none, settings),
  'app.saveSettings': call('write', settings, settings),
} as const;
