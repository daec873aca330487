/** Names of the screens and steps, as the rail shows them. */
export const screens = {
  start: 'Start',
  project: 'New project',
  sources: 'Sources',
  inventory: 'Inventory',
  candidates: 'Candidates',
  sizing: 'Sizing and rules',
  plan: 'Plan',
  waves: 'Waves',
  convert: 'Convert',
  images: 'Disk images',
  activity: 'Activity',
  reports: 'Reports',
  settings: 'Settings and help',
} as const;

export const steps = {
  sources: 'Sources',
  inventory: 'Inventory',
  candidates: 'Candidates',
  plan: 'Plan',
  waves: 'Waves',
  convert: 'Convert',
  reports: 'Reports',
} as const;
