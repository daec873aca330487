/**
 * A report as PDF, printed from its own HTML by Chromium. Why so: it is the one engine at hand that lays out tables over
 * pages with repeated heads, shapes every script, embeds the fonts, writes tags for those who read by ear and an outline
 * from the headings, and counts pages in the margin (`counter(pages)`), all from the page that is read on screen, so that
 * both say the same. The application brings it along (Electron); on a command line it is looked for on the computer.
 * Libraries that draw PDF themselves (pdfkit, pdf-lib) were left out: no layout of tables, no tags without writing them by
 * hand, one font for every script.
 *
 * What it cannot do is to write page numbers into contents (`target-counter`). So it is printed twice: a bare copy says on
 * which page each chapter begins (look.ts), the second has it filled in; where that moved anything, once more.
 */
import { IronliftError } from '../../base/errors.ts';
import type { Report } from '../model.ts';
import type { ReportWriter, WriteWorld } from '../writer.ts';
import { page } from '../html/write.ts';
import { chromiumPrinter } from './chromium.ts';
import { placesIn, settle } from './look.ts';

/** More for contents whose page numbers are longer than was left room for. */
const MOST_PRINTS = 4;

export const writePdf: ReportWriter = async (report, world) => {
  const print = world.printPdf ?? (await chromiumPrinter());
  return settle(await printed(report, world, print), report.meta.createdAt);
};

async function printed(
  report: Report,
  world: WriteWorld,
  print: NonNullable<WriteWorld['printPdf']>,
): Promise<Uint8Array> {
  const draft = await print(page(report, world, 'paper', null), 'places', world.signal);
  let places = placesIn(draft).places;
  for (let times = 1; times < MOST_PRINTS; times++) {
    const pdf = await print(page(report, world, 'paper', places), 'whole', world.signal);
    const found = placesIn(pdf).places;
    if (isSame(places, found)) return pdf;
    places = found;
  }
  throw new IronliftError(
    'PDF_FAILED',
    'The contents of the PDF do not come to rest: each print moves the pages.',
    {
      next: 'Choose the other paper size, or leave a chapter out.',
    },
  );
}

const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([name, number]) => b.get(name) === number);
