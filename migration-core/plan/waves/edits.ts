/** What a person decides about a server's wave, as it is kept among what is said of the server. */
import type { ServerAnnotations } from '../../store/model/annotations.ts';

export interface WaveEdit {
  /** null: in none; `planner`: where the planner puts it. Absent: as before. */
  wave?: number | null | 'planner' | undefined;
  /** '' takes it away; absent: as before. */
  note?: string | undefined;
}

/** The same object where nothing is another one. */
export function withWaveEdit(annotations: ServerAnnotations, { wave, note }: WaveEdit): ServerAnnotations {
  const { wave: waveBefore, waveNote: noteBefore, ...others } = annotations;
  const waveNow = wave === undefined ? waveBefore : wave === 'planner' ? undefined : wave;
  const noteNow = note === undefined ? noteBefore : note === '' ? undefined : note;
  if (waveNow === waveBefore && noteNow === noteBefore) return annotations;
  return {
    ...others,
    ...(waveNow === undefined ? {} : { wave: waveNow }),
    ...(noteNow === undefined ? {} : { waveNote: noteNow }),
  };
}
