/**
 * The icons of the application, drawn for it on a grid of 16: strokes of 1.5, round ends. `d` is drawn as a line, `fill`
 * as a surface.
 */
export interface IconShape {
  d?: string;
  fill?: string;
}

export const ICONS = {
  // Steps and places
  sources: { d: 'M2.5 4.5h11M2.5 8h7M2.5 11.5h4M12 7.5v6m-2.5-2.5L12 13.5l2.5-2.5' },
  inventory: { d: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01M8 5h3M8 11h3' },
  candidates: {
    d: 'M2.5 4l1.2 1.2L6 3M2.5 8.2l1.2 1.2L6 7.2M2.5 12.4l1.2 1.2L6 11.4M8.5 4.5h5M8.5 8.5h5M8.5 12.5h5',
  },
  plan: { d: 'M2.5 2.5h4.5v11H2.5zM9.5 6h4v7.5h-4zM2.5 10h4.5M2.5 6.5h4.5M9.5 10h4' },
  waves: { d: 'M2 4h5M5 8h5M8 12h6' },
  convert: { d: 'M2.5 3h4v10h-4zM10 5.5h3.5v7.5H10zM7.5 3.5h4.5m-1.8-1.8L12 3.5l-1.8 1.8' },
  reports: { d: 'M4 2h5.5L13 5.5V14H4zM9.5 2v3.5H13M6.5 8.5h4M6.5 11h4' },
  image: {
    d: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 6.8a1.2 1.2 0 1 1 0 2.4a1.2 1.2 0 0 1 0-2.4z',
  },
  rules: { d: 'M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6M10.2 2.8v3.4M5.8 9.8v3.4' },
  activity: { d: 'M2 8.5h2.5L6.5 4l3 8 2-3.5H14' },
  settings: {
    d: 'M8 5.8a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 0 1 0-4.4zM8 2v1.6M8 12.4V14M2 8h1.6M12.4 8H14M3.8 3.8l1.1 1.1M11.1 11.1l1.1 1.1M12.2 3.8l-1.1 1.1M4.9 11.1l-1.1 1.1',
  },
  home: { d: 'M2.5 7.5L8 3l5.5 4.5M4 6.8V13h8V6.8M6.8 13V9.5h2.4V13' },
  // Status
  good: { d: 'M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 0 1 0-11.6zM5.4 8.2l1.8 1.8 3.4-3.8' },
  conditions: { d: 'M8 2.5l6 10.8H2zM8 6.5v3M8 11.4v.1' },
  stop: { d: 'M5.5 2.2h5l3.3 3.3v5l-3.3 3.3h-5l-3.3-3.3v-5zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4' },
  info: { d: 'M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 0 1 0-11.6zM8 7.4v3.4M8 5.2v.1' },
  unknown: {
    d: 'M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 0 1 0-11.6zM6.4 6.4a1.6 1.6 0 1 1 2.3 1.4c-.5.3-.7.6-.7 1.1M8 11v.1',
  },
  pending: { d: 'M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 0 1 0-11.6z' },
  star: { fill: 'M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z' },
  // Things
  server: { d: 'M3 2.5h10v11H3zM3 6.2h10M3 9.9h10M5.2 4.4h.01M5.2 8h.01M5.2 11.7h.01' },
  disk: {
    d: 'M3 4.5c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2zM3 4.5v7c0 1.1 2.2 2 5 2s5-.9 5-2v-7M3 8c0 1.1 2.2 2 5 2s5-.9 5-2',
  },
  chip: {
    d: 'M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
  },
  memory: { d: 'M2 5h12v5.5H2zM4 10.5V12M6.6 10.5V12M9.4 10.5V12M12 10.5V12M5 7v1.5M8 7v1.5M11 7v1.5' },
  network: { d: 'M6 2.5h4v3H6zM2.5 10.5h4v3h-4zM9.5 10.5h4v3h-4zM8 5.5V8M4.5 10.5V8h7v2.5' },
  host: { d: 'M2.5 3.5h11v9h-11zM5 6h6v4H5z' },
  file: { d: 'M4 2h5l3 3v9H4zM9 2v3h3' },
  folder: { d: 'M2 4h4.2l1.3 1.5H14V13H2z' },
  computer: { d: 'M2 3h12v8H2zM6 13.5h4M8 11v2.5' },
  key: { d: 'M5.5 7.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5zM7.3 8.2L13 2.5M11 4.5l1.8 1.8M9.3 6.2l1.3 1.3' },
  lock: { d: 'M3.5 7.5h9V13h-9zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3' },
  calendar: { d: 'M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v2.5M10.5 2v2.5' },
  person: { d: 'M8 2.5a2.6 2.6 0 1 1 0 5.2a2.6 2.6 0 0 1 0-5.2zM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4' },
  tag: { d: 'M2.5 2.5h5.3l5.7 5.7-5.3 5.3-5.7-5.7zM5.4 5.4h.01' },
  bulb: { d: 'M8 2.2a3.8 3.8 0 0 1 2 7v1.6H6V9.2a3.8 3.8 0 0 1 2-7zM6.5 13.5h3' },
  // Deeds
  add: { d: 'M8 3v10M3 8h10' },
  minus: { d: 'M3 8h10' },
  close: { d: 'M4 4l8 8M12 4l-8 8' },
  check: { d: 'M3 8.5l3.2 3.2L13 5' },
  search: { d: 'M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.3 10.3L13.8 13.8' },
  filter: { d: 'M2.5 3.5h11L9.5 8.3v4.2l-3 1.5V8.3z' },
  columns: { d: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10' },
  edit: { d: 'M3 13l.6-2.9 7.2-7.2 2.3 2.3-7.2 7.2zM9.3 4.4l2.3 2.3' },
  copy: { d: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1' },
  trash: { d: 'M3 4.5h10M6 4.5V2.5h4v2M4.2 4.5l.6 9h6.4l.6-9M6.8 7v4M9.2 7v4' },
  undo: { d: 'M3 6.5h6.5a3.5 3.5 0 1 1 0 7H6M3 6.5l3-3M3 6.5l3 3' },
  redo: { d: 'M13 6.5H6.5a3.5 3.5 0 1 0 0 7H10M13 6.5l-3-3M13 6.5l-3 3' },
  refresh: { d: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.8h-2.8' },
  open: { d: 'M2.5 12.5V3.5h4l1.3 1.5h4.7v2M2.5 12.5l2-5.5h9.8l-2 5.5z' },
  import: { d: 'M8 2.5v7.5M5 7l3 3 3-3M2.5 11v2.5h11V11' },
  export: { d: 'M8 10V2.5M5 5.5l3-3 3 3M2.5 11v2.5h11V11' },
  play: { d: 'M4.5 2.8l8 5.2-8 5.2z' },
  pause: { d: 'M5.5 3.5v9M10.5 3.5v9' },
  cancel: { d: 'M3.5 3.5h9v9h-9z' },
  external: { d: 'M6.5 3.5h-4v10h10v-4M9 2.5h4.5V7M13.5 2.5L7.5 8.5' },
  up: { d: 'M4 9.5L8 5.5l4 4' },
  down: { d: 'M4 6.5l4 4 4-4' },
  left: { d: 'M9.5 4l-4 4 4 4' },
  right: { d: 'M6.5 4l4 4-4 4' },
  more: { d: 'M3.5 8h.01M8 8h.01M12.5 8h.01' },
  drag: { d: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01' },
  compare: { d: 'M3 5.5h9M9.5 3L12 5.5 9.5 8M13 11H4M6.5 8.5L4 11l2.5 2.5' },
  pin: { d: 'M6 2.5h4l-.6 4.2 2.1 2H4.5l2.1-2zM8 8.7v5' },
} as const satisfies Record<string, IconShape>;

export type IconName = keyof typeof ICONS;
