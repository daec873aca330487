/** Reads what is written on a screen in VGA text mode, from the memory of the machine: 80 x 25 cells at 0xb8000. */
import type { Picture } from './png.ts';

export const TEXT_ADDRESS = 0xb8000;
export const COLUMNS = 80;
export const ROWS = 25;
/** A character and its colour. */
export const TEXT_BYTES = COLUMNS * ROWS * 2;

/** Text mode is 720 x 400 in QEMU; in any other mode the memory at 0xb8000 holds nothing, or an old screen. */
export function isTextMode({ width, height }: Picture): boolean {
  return width === COLUMNS * 9 && height === ROWS * 16;
}

/** The lines of the screen, without the blanks at their ends and without the empty lines at the end. */
export function readTextScreen(memory: Uint8Array): string {
  const lines: string[] = [];
  for (let row = 0; row < ROWS; row++) {
    let line = '';
    for (let column = 0; column < COLUMNS; column++) {
      const code = memory[(row * COLUMNS + column) * 2] ?? 0;
      // Frames and other drawings of the code page are of no use to us.
      line += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n').trimEnd();
}
