/**
 * Files as a person chooses them, whichever shell this is: the system's dialog, or the page's own panel, which
 * FileChooser.svelte shows while a question is open.
 */
import { session } from './session.svelte.ts';
import type { FilePurpose, FileRef } from './types.ts';

export interface Question {
  purpose: FilePurpose;
  suggestedName: string | null;
  answer: (files: FileRef[]) => void;
}

class Chooser {
  question: Question | null = $state.raw(null);

  answer(files: FileRef[]): void {
    this.question?.answer(files);
    this.question = null;
  }
}

export const chooser = new Chooser();

/** @returns none when a person thought better of it */
export async function chooseFiles(purpose: FilePurpose, suggestedName?: string): Promise<FileRef[]> {
  if (session.about?.capabilities.dialogs === 'native') {
    const asked = suggestedName === undefined ? { purpose } : { purpose, suggestedName };
    return (await session.client.call('files.choose', asked)).files;
  }
  // A second question takes the place of the first.
  chooser.answer([]);
  return new Promise((answer) => {
    chooser.question = { purpose, suggestedName: suggestedName ?? null, answer };
  });
}
