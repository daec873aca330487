/** The first screen. */
export const start = {
  title: 'Start',
  point: 'Pick up where you left off, or begin with a customer.',
  recent: 'Recent engagements',
  noRecent: 'No engagement yet',
  noRecentNext:
    'Make the first one, or look at an invented customer of 47 servers with every screen filled in.',
  newProject: 'New project',
  open: 'Open…',
  openSample: 'Try the sample',
  makingSample: 'Inventing the sample…',
  missing: 'not there any more',
  opened: (when: string) => `opened ${when}`,
  current: 'open now',
  closeEngagement: 'Close',
  columns: { name: 'Engagement', where: 'Where', opened: 'Opened' },
  steps: 'What you do here',
  stepTexts: {
    sources: 'Bring in what there is: exports of other tools, performance logs, or servers over SSH.',
    inventory: 'See what each server is, and note what no tool can measure.',
    candidates: 'Which servers can move, under which conditions, and why.',
    plan: 'How many hosts it takes, with room to spare when one fails.',
    waves: 'In which order, and in which nights.',
    convert: 'Turn disks into machines that boot, verified byte by byte.',
    reports: 'What the customer gets to read and to sign.',
  },
} as const;
