/**
 * Makes the icons of the packages from resources/icons/icon.svg: `node electron/icons.ts CHROMIUM`. Run when the drawing
 * has changed; what it makes lies beside the drawing. Chromium draws, ICO and ICNS are written here: both are lists of
 * PNG files with a head.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../resources/icons');
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;

/** Windows: ICONDIR and ICONDIRENTRY; 0 stands for 256. */
export function ico(images: readonly { size: number; png: Buffer }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of images.entries()) {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** macOS: the types that hold a PNG, by their size. */
const ICNS_TYPES = { icp4: 16, icp5: 32, icp6: 64, ic07: 128, ic08: 256, ic09: 512, ic10: 1024 } as const;

export function icns(pngOf: (size: number) => Buffer): Buffer {
  const parts = Object.entries(ICNS_TYPES).map(([type, size]) => {
    const png = pngOf(size);
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

async function draw(chromium: string): Promise<Map<number, Buffer>> {
  const { chromium: launcher } = await import('playwright-core');
  const browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox'] });
  const drawing = readFileSync(join(FOLDER, 'icon.svg')).toString('base64');
  const drawn = new Map<number, Buffer>();
  try {
    for (const size of SIZES) {
      const page = await browser.newPage({ viewport: { width: size, height: size } });
      const image = `<img width="${size}" height="${size}" src="data:image/svg+xml;base64,${drawing}">`;
      await page.setContent(`<style>*{margin:0}img{display:block}</style>${image}`);
      drawn.set(size, await page.screenshot({ omitBackground: true }));
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return drawn;
}

if (import.meta.main) {
  const drawn = await draw(process.argv[2] ?? '/usr/bin/chromium');
  const pngOf = (size: number): Buffer => drawn.get(size)!;
  const windows = [16, 24, 32, 48, 64, 128, 256].map((size) => ({ size, png: pngOf(size) }));
  writeFileSync(join(FOLDER, 'icon.png'), pngOf(512));
  writeFileSync(join(FOLDER, 'icon.ico'), ico(windows));
  writeFileSync(join(FOLDER, 'icon.icns'), icns(pngOf));
}
