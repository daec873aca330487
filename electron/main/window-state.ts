/** Where the window was last time; nothing of it is trusted, for the screen it was on may be gone. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

export interface WindowPlace {
  bounds: { width: number; height: number; x?: number; y?: number };
  maximized: boolean;
  dark: boolean;
}

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const pixels = z.number().int().min(-100_000).max(100_000);
const saved = z.object({
  bounds: z.object({ x: pixels, y: pixels, width: pixels, height: pixels }),
  maximized: z.boolean(),
});

const FIRST = { width: 1280, height: 800 };
/** So much of a window must be on a screen that a mouse can take hold of it. */
const GRIP = 120;
const FILE_LIMIT = 4096;

/** @param screens the areas of all displays that can be used */
export function readWindowPlace(path: string, screens: readonly Area[], dark: boolean): WindowPlace {
  const first: WindowPlace = { bounds: { ...FIRST }, maximized: false, dark };
  try {
    if (statSync(path).size > FILE_LIMIT) return first;
    const { bounds, maximized } = saved.parse(JSON.parse(readFileSync(path, 'utf8')));
    const seen = screens.some(
      (screen) =>
        Math.min(bounds.x + bounds.width, screen.x + screen.width) - Math.max(bounds.x, screen.x) >= GRIP &&
        bounds.y >= screen.y - 10 &&
        bounds.y <= screen.y + screen.height - GRIP,
    );
    return seen && bounds.width >= 400 && bounds.height >= 300 ? { bounds, maximized, dark } : first;
  } catch {
    return first;
  }
}

export function saveWindowPlace(path: string, bounds: Area, maximized: boolean): void {
  try {
    const { x, y, width, height } = bounds;
    writeFileSync(path, JSON.stringify({ bounds: { x, y, width, height }, maximized }), { mode: 0o600 });
  } catch {
    // A window that comes up elsewhere next time is no reason to stop now.
  }
}
