/** A picture of the chart room as SVG: colours by class, so that they follow the theme of the page. */
import type { Mark, Picture } from '../../chart/picture.ts';
import type { Html } from './escape.ts';
import { markup } from './escape.ts';

/** @param id of the element; unique in the document @param title @param summary what it shows, read out */
export function svg(picture: Picture, id: string, title: string, summary: string): Html {
  const { width, height, marks } = picture;
  return markup`<svg
    id="${id}"
    class="picture"
    role="img"
    aria-labelledby="${id}-t ${id}-d"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
  ><title id="${id}-t">${title}</title><desc id="${id}-d">${summary}</desc>${marks.map(mark)}</svg>`;
}

function mark(of: Mark): Html {
  switch (of.kind) {
    case 'rect':
      return markup`<rect class="f-${of.role}" x="${of.x}" y="${of.y}" width="${of.width}" height="${of.height}"/>`;
    case 'line':
      return markup`<line class="l-${of.role}" x1="${of.x1}" y1="${of.y1}" x2="${of.x2}" y2="${of.y2}"/>`;
    case 'path':
      return markup`<path class="${of.paint === 'area' ? 'a' : 'p'}-${of.role}" d="${of.d}"/>`;
    case 'text':
      return of.text === ''
        ? markup``
        : markup`<text class="t-${of.role}" x="${of.x}" y="${of.y}" text-anchor="${of.anchor}">${of.text}</text>`;
  }
}

/** For a script: where the pointer is, what is read out. */
export const readingsOf = ({ readings }: Picture): unknown =>
  readings.map(({ x, y, width, height, title, values }) => [
    x,
    y,
    width,
    height,
    title,
    values.map(({ name, text }) => [name, text]),
  ]);

export const swatch = (role: string): Html =>
  markup`<svg class="swatch" aria-hidden="true" viewBox="0 0 12 12" width="12" height="12"><rect class="f-${role}" width="12" height="12"/></svg>`;
