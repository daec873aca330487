/** What runs, what ran, and who asked for it. */
export const activity = {
  title: 'Activity',
  point: (running: number, failed: number) =>
    `${running === 0 ? 'Nothing runs now' : running === 1 ? '1 job runs now' : `${running} jobs run now`}${failed === 0 ? '.' : `; ${failed === 1 ? '1 did not succeed' : `${failed} did not succeed`}.`}`,
  tabs: { jobs: 'Jobs', trail: 'Audit trail', export: 'Export' },
  jobs: {
    label: 'Jobs',
    none: 'No jobs yet',
    noneNext: 'Work that takes a while is listed here: imports, plans, conversions, tests, reports.',
    begun: 'Begun',
    took: 'Took',
    state: 'State',
    title: 'Job',
    retryWord: 'Try again',
    paused: 'What was written is kept.',
  },
  trail: {
    label: 'Audit trail',
    level: 'Show',
    levels: { info: 'Everything', warning: 'Warnings and errors', error: 'Errors' },
    words: { info: 'Done', warning: 'Warning', error: 'Error' },
    when: 'When',
    what: 'What',
    kind: 'Kind',
    details: 'Details',
    none: 'Nothing of that kind was noted.',
    older: 'Show older entries',
  },
  export: {
    text: 'The audit trail of this computer as a text file, for somebody who helps you. Passwords and keys are never in it.',
    hide: 'Replace names of servers, customers, people, files and addresses',
    hideHint: 'The same name becomes the same word everywhere, so that the story can still be followed.',
    preview: 'What it would hold',
    lines: (count: string, shown: string) =>
      count === shown ? `${count} lines` : `the newest ${shown} of ${count} lines`,
    do: 'Save the log…',
    done: (name: string, lines: string) => `${name} was saved: ${lines} lines`,
    fileName: 'ironlift-log.ndjson',
  },
} as const;
