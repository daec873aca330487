/** Words that many screens share. */
export const common = {
  product: 'Ironlift',
  unknown: 'unknown',
  none: 'none',
  details: 'Details',
  copyDetails: 'Copy details',
  copied: 'Copied',
  tryAgain: 'Try again',
  loading: 'Loading',
  close: 'Close',
  cancel: 'Cancel',
  back: 'Back',
  next: 'Next',
  save: 'Save',
  apply: 'Apply',
  add: 'Add',
  choose: 'Choose…',
  undo: 'Undo',
  redo: 'Redo',
  undoThing: (what: string) => `Undo: ${what}`,
  redoThing: (what: string) => `Redo: ${what}`,
  undone: (what: string) => `Taken back: ${what}`,
  redone: (what: string) => `Done again: ${what}`,
  nothingToUndo: 'There is nothing to undo.',
  nothingToRedo: 'There is nothing to redo.',
  removeThing: (name: string) => (name === '' ? 'Remove' : `Remove ${name}`),
  changedFromDefault: 'changed from default',
  changedFrom: (standard: string) => `changed from default ${standard}`,
  backToDefault: (standard: string | undefined) =>
    standard === undefined ? 'Back to the default' : `Back to the default: ${standard}`,
  optional: 'optional',
  yes: 'Yes',
  no: 'No',
  gap: 'no data',
  showAsTable: 'Show as a table',
  servers: (count: number, shown: string) => (count === 1 ? '1 server' : `${shown} servers`),
} as const;

/** Of the frame around the screens. */
export const frame = {
  steps: 'Steps of the engagement',
  more: 'More',
  noEngagement: 'No engagement is open',
  noEngagementNext: 'Open one, make a new one, or look at the sample with everything filled in.',
  startHere: 'Start',
  readOnly: 'Read only',
  search: 'Search',
  searchTitle: 'Search screens and servers',
  searchField: 'Name of a screen or a server',
  searchNothing: 'Nothing of that name.',
  screens: 'Screen',
  serversFound: 'Server',
  notBuilt: 'This screen is not part of this version.',
  unknownScreen: (name: string) => `There is no screen "${name}".`,
  lineDown: 'The program does not answer. Trying again…',
  stepNotStarted: 'not started',
  stepAttention: (count: number) => (count === 1 ? '1 needs attention' : `${count} need attention`),
  stepOk: 'ok',
} as const;

/** Of the tray of jobs. */
export const tray = {
  title: 'Jobs',
  running: (count: number) => (count === 1 ? '1 job is running' : `${count} jobs are running`),
  over: (count: number) => (count === 1 ? '1 job is over' : `${count} jobs are over`),
  show: 'Show jobs',
  hide: 'Hide jobs',
  pause: (title: string) => `Pause "${title}"`,
  resume: (title: string) => `Resume "${title}"`,
  retry: (title: string) => `Retry "${title}"`,
  cancel: (title: string) => `Cancel "${title}"`,
  dismiss: (title: string) => `Dismiss "${title}"`,
  pauseWord: 'Pause',
  resumeWord: 'Resume',
  retryWord: 'Retry',
  cancelWord: 'Cancel',
  dismissWord: 'Dismiss',
  notes: (count: number) => (count === 1 ? '1 note' : `${count} notes`),
  states: {
    queued: 'Waiting',
    running: 'Running',
    pausing: 'Pausing',
    paused: 'Paused',
    interrupted: 'Interrupted',
    cancelling: 'Cancelling',
    cancelled: 'Cancelled',
    failed: 'Failed',
    done: 'Done',
  },
} as const;

/** Of stretches of days in which nothing moves. */
export const periods = {
  none: 'None: servers may move on any day.',
  from: 'From',
  to: 'To',
  why: 'Why',
  add: 'Add a freeze',
  remove: (at: number) => `Remove freeze ${String(at)}`,
  noDate: 'Give both days.',
  backwards: 'It ends before it begins.',
} as const;

/** Of the question before a job that stands still is thrown away. */
export const discard = {
  word: 'Discard…',
  label: (title: string) => `Discard "${title}"`,
  title: 'Discard what was copied?',
  text: (title: string) =>
    `“${title}” can no longer be gone on with afterwards: the files it wrote are removed. Other files in the folder stay, and the source is not touched.`,
  keep: 'Keep it',
  do: 'Discard it',
} as const;

/** Of the progress of work. */
export const progress = {
  of: (done: string, total: string) => `${done} of ${total}`,
  rate: (rate: string) => `${rate}/s`,
  mean: (rate: string) => `mean ${rate}/s`,
  skipped: (amount: string) => `${amount} skipped (free space)`,
  left: (least: string, most: string) =>
    least === most ? `about ${least} left` : `${least} to ${most} left`,
  leftUnknown: 'time left not known yet',
  recalculating: 'recalculating',
  limitedBy: {
    source: 'limited by reading the source',
    target: 'limited by writing the target',
    processor: 'limited by the processor',
  },
  stalled: (since: string) =>
    `Nothing has moved for ${since}. The source may have gone to sleep or the network may be down.`,
} as const;

/** Of tables. */
export const table = {
  filter: 'Filter',
  filterRows: (name: string) => `Filter ${name}`,
  clearFilter: 'Clear the filter',
  columns: 'Columns',
  savedFilters: 'Saved filters',
  saveFilter: 'Save this filter as',
  filterName: 'Name of the filter',
  noSavedFilters: 'None yet. Type a filter and save it here.',
  rows: (shown: string, all: string) =>
    shown === all ? (all === '1' ? '1 row' : `${all} rows`) : `${shown} of ${all} rows`,
  selected: (count: string) => `${count} selected`,
  selectAll: 'Select all rows that are shown',
  selectRow: (name: string) => `Select ${name}`,
  noRows: 'No row matches the filter.',
  sortBy: (column: string) => `Sort by ${column}`,
  clearSelection: 'Clear the selection',
} as const;

/** Of the chooser of files and folders. */
export const chooser = {
  name: 'Name',
  size: 'Size',
  changed: 'Changed',
  up: 'Folder above',
  open: 'Open',
  take: 'Choose',
  takeFolder: 'Choose this folder',
  save: 'Save here',
  fileName: 'File name',
  folderName: 'Name of a new folder (optional)',
  empty: 'This folder is empty.',
  onlyFitting: 'Only files that fit',
  more: 'There are more entries than are shown here.',
  nothing: 'No file chosen',
  selected: (count: number) => (count === 1 ? '1 entry chosen' : `${count} entries chosen`),
} as const;
