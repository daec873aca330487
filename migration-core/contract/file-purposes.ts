/** What files are chosen for. Apart from the schemas, so that the page can read it without them. */
export const FILE_PURPOSES = {
  engagement: { what: 'file', mode: 'open', title: 'Open an engagement' },
  'new-engagement': { what: 'file', mode: 'save', title: 'Where the new engagement is kept' },
  import: { what: 'files-or-folder', mode: 'open', title: 'Choose performance logs, inventories or exports' },
  'annotations-in': { what: 'file', mode: 'open', title: 'Choose the table that was filled in' },
  'annotations-out': { what: 'file', mode: 'save', title: 'Save the table of servers' },
  'waves-in': { what: 'file', mode: 'open', title: 'Choose the table of waves' },
  'waves-out': { what: 'file', mode: 'save', title: 'Save the table of waves' },
  'rule-pack': { what: 'file', mode: 'open', title: 'Choose a rule pack' },
  /** Disk images, and descriptions of machines of other platforms. */
  source: { what: 'files', mode: 'open', title: 'Choose the disks of one server' },
  image: { what: 'file', mode: 'open', title: 'Choose a disk image' },
  'image-out': { what: 'file', mode: 'save', title: 'Where the new disk image is written' },
  /** A new or empty folder for one conversion. */
  output: { what: 'folder', mode: 'save', title: 'Choose where the finished machine is written' },
  /** For a Windows guest: folders with INF files, CD images. */
  drivers: { what: 'files-or-folder', mode: 'open', title: 'Choose a CD image or folder with drivers' },
  /** Of a conversion that is finished or was interrupted. */
  conversion: { what: 'folder', mode: 'open', title: 'Choose the folder of a conversion' },
  'report-folder': { what: 'folder', mode: 'save', title: 'Choose where the reports are written' },
  logo: { what: 'file', mode: 'open', title: 'Choose a logo' },
  'log-out': { what: 'file', mode: 'save', title: 'Save the log' },
  'ssh-key': { what: 'file', mode: 'open', title: 'Choose a private key' },
} as const satisfies Record<
  string,
  { what: 'file' | 'files' | 'folder' | 'files-or-folder'; mode: 'open' | 'save'; title: string }
>;
export type FilePurpose = keyof typeof FILE_PURPOSES;
