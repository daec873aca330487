/** What a person set, in the data folder. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { settings as schema, type Settings } from '../contract/app.ts';
import { readJson, writeJson } from './data-folder.ts';
import type { Shell } from './shell.ts';

const VERSION = 1;

export interface SettingsFile {
  get(): Settings;
  /** @throws system errors */
  save(settings: Settings): void;
}

export function settingsFile(shell: Shell): SettingsFile {
  const path = join(shell.dataFolder, 'settings.json');
  return {
    get() {
      const kept = readJson(path);
      return kept.state === 'there' ? understood(kept.value) : schema.parse({});
    },
    save(settings) {
      // What a newer program knows besides stays for it, in a copy.
      const kept = readJson(path);
      const version = kept.state === 'there' ? versionOf(kept.value) : VERSION;
      const copy = `${path}.${kept.state === 'damaged' ? 'damaged' : `version-${version}`}`;
      if ((kept.state === 'damaged' || version > VERSION) && !existsSync(copy)) copyFileSync(path, copy);
      writeJson(path, { version: VERSION, settings }, shell.randomId());
    },
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function versionOf(value: unknown): number {
  const version = isRecord(value) ? value['version'] : undefined;
  return typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version : VERSION;
}

/** Each setting by itself: one that is not understood costs none of the others. */
function understood(value: unknown): Settings {
  const told = isRecord(value) && isRecord(value['settings']) ? value['settings'] : {};
  const fields = Object.entries(schema.shape).flatMap(([name, field]) => {
    const parsed = field.safeParse(told[name]);
    return parsed.success ? [[name, parsed.data]] : [];
  });
  return schema.parse(Object.fromEntries(fields));
}
