/** The system's own dialogs for files: paths come from a person's hand, and never from the page. */
import type { BrowserWindow, Dialog, OpenDialogOptions } from 'electron';
import { join } from 'node:path';
import { FILE_PURPOSES, type FilePurpose } from '../../migration-core/contract/files.ts';

export type OpenProperty = NonNullable<OpenDialogOptions['properties']>[number];

/** What is chosen, as the systems' dialogs call it. A Mac's dialog alone takes files and folders at once. */
export function openProperties(what: string, mode: string, platform: string): OpenProperty[] {
  if (what === 'folder') return mode === 'save' ? ['openDirectory', 'createDirectory'] : ['openDirectory'];
  if (what === 'files') return ['openFile', 'multiSelections'];
  if (what === 'files-or-folder')
    return platform === 'darwin'
      ? ['openFile', 'openDirectory', 'multiSelections']
      : ['openFile', 'multiSelections'];
  return ['openFile'];
}

export function chooseFiles(
  dialog: Pick<Dialog, 'showOpenDialog' | 'showSaveDialog'>,
  window: () => BrowserWindow | null,
  homeFolder: string,
  platform: string,
): (purpose: FilePurpose, suggestedName: string | null) => Promise<string[]> {
  return async (purpose, suggestedName) => {
    const { what, mode, title } = FILE_PURPOSES[purpose];
    const parent = window();
    if (parent === null) return [];
    if (what === 'file' && mode === 'save') {
      const { canceled, filePath } = await dialog.showSaveDialog(parent, {
        title,
        defaultPath: suggestedName === null ? homeFolder : join(homeFolder, plainName(suggestedName)),
        // The program asks in its own words before it overwrites; a new file is made with exclusive rights.
        properties: ['createDirectory', 'showOverwriteConfirmation'],
      });
      return canceled || filePath === '' ? [] : [filePath];
    }
    const { canceled, filePaths } = await dialog.showOpenDialog(parent, {
      title,
      defaultPath: homeFolder,
      properties: openProperties(what, mode, platform),
    });
    return canceled ? [] : filePaths;
  };
}

/** A name from the page is a name: what could lead into another folder is left out. */
const plainName = (name: string): string => name.replaceAll(/[\\/:*?"<>|\p{Cc}]/gu, '_').slice(0, 200);
