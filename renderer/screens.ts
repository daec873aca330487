/** Every screen of the application: one line each. A screen gets the rest of its address as `args`. */
import type { Component } from 'svelte';
import type { Step } from './state/types.ts';
import type { IconName } from './components/icons.ts';
import { screens as titles } from './text/screens.ts';

export type ScreenComponent = Component<{ args: readonly string[] }>;

export interface ScreenEntry {
  id: string;
  /** The step of the rail that it belongs to; `tool`: bottom of the rail; null: not in the rail. */
  step: Step | 'tool' | null;
  title: string;
  icon: IconName;
  /** Can be looked at without an open engagement. */
  alone?: boolean;
  load: () => Promise<{ default: ScreenComponent | Component<Record<string, never>> }>;
}

export const screens: readonly ScreenEntry[] = [
  {
    id: 'start',
    step: null,
    title: titles.start,
    icon: 'home',
    alone: true,
    load: () => import('./screens/start/Screen.svelte'),
  },
  {
    id: 'project',
    step: null,
    title: titles.project,
    icon: 'add',
    alone: true,
    load: () => import('./screens/project/Screen.svelte'),
  },
  {
    id: 'sources',
    step: 'sources',
    title: titles.sources,
    icon: 'sources',
    load: () => import('./screens/sources/Screen.svelte'),
  },
  {
    id: 'inventory',
    step: 'inventory',
    title: titles.inventory,
    icon: 'inventory',
    load: () => import('./screens/inventory/Screen.svelte'),
  },
  {
    id: 'candidates',
    step: 'candidates',
    title: titles.candidates,
    icon: 'candidates',
    load: () => import('./screens/candidates/Screen.svelte'),
  },
  {
    id: 'sizing',
    step: null,
    title: titles.sizing,
    icon: 'rules',
    load: () => import('./screens/sizing/Screen.svelte'),
  },
  {
    id: 'plan',
    step: 'plan',
    title: titles.plan,
    icon: 'plan',
    load: () => import('./screens/plan/Screen.svelte'),
  },
  {
    id: 'waves',
    step: 'waves',
    title: titles.waves,
    icon: 'waves',
    load: () => import('./screens/waves/Screen.svelte'),
  },
  {
    id: 'convert',
    step: 'convert',
    title: titles.convert,
    icon: 'convert',
    alone: true,
    load: () => import('./screens/convert/Screen.svelte'),
  },
  {
    id: 'images',
    step: 'tool',
    title: titles.images,
    icon: 'image',
    alone: true,
    load: () => import('./screens/images/Screen.svelte'),
  },
  {
    id: 'activity',
    step: 'tool',
    title: titles.activity,
    icon: 'activity',
    alone: true,
    load: () => import('./screens/activity/Screen.svelte'),
  },
  {
    id: 'reports',
    step: 'reports',
    title: titles.reports,
    icon: 'reports',
    load: () => import('./screens/reports/Screen.svelte'),
  },
  {
    id: 'settings',
    step: 'tool',
    title: titles.settings,
    icon: 'settings',
    alone: true,
    load: () => import('./screens/settings/Screen.svelte'),
  },
];
