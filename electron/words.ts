/** "One job is" or "3 jobs are", for questions and farewells. */
export const jobsRunning = (count: number): string => (count === 1 ? 'One job is' : `${count} jobs are`);

/** What they are, as a list to be read; not more than a dialog can hold. */
export const jobTitles = (titles: readonly string[]): string =>
  [...titles.slice(0, 5), ...(titles.length > 5 ? [`and ${titles.length - 5} more`] : [])].join('\n');
