/** What Ctrl-K finds. */
import type { IconName } from '../components/icons.ts';

export interface Place {
  kind: 'screen' | 'server';
  title: string;
  icon: IconName;
  screen: string;
  args: readonly string[];
}

const AT_MOST = 12;

/** Screens and servers whose names hold every word, those that begin with the text first. */
export function findPlaces(text: string, screens: readonly Place[], servers: readonly Place[]): Place[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return screens.slice(0, AT_MOST);
  const words = wanted.split(/\s+/u);
  const fits = [...screens, ...servers].filter(({ title }) => {
    const name = title.toLowerCase();
    return words.every((word) => name.includes(word));
  });
  const begins = (place: Place): boolean => place.title.toLowerCase().startsWith(wanted);
  return [...fits.filter(begins), ...fits.filter((place) => !begins(place))].slice(0, AT_MOST);
}
