/** The colours keep their contrast, in both themes, and the six of charts are told apart by everybody. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

type Rgb = readonly [number, number, number];

const css = readFileSync(resolve(import.meta.dirname, '../../resources/style/tokens.css'), 'utf8');

/** Custom properties of one block; the dark theme is laid over the light one. */
function block(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  expect(start, selector).toBeGreaterThanOrEqual(0);
  const text = css.slice(start, css.indexOf('\n}', start));
  return new Map([...text.matchAll(/^\s*--([\w-]+):\s*([^;]+);/gmu)].map((match) => [match[1]!, match[2]!]));
}
const light = block(':root');
const themes = { light, dark: new Map([...light, ...block(":root[data-theme='dark']")]) };

/** Björn Ottosson's OKLab, to linear sRGB. */
function linear(colour: string): Rgb {
  const match = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)$/u.exec(colour);
  expect(match, colour).not.toBeNull();
  const [lightness, chroma, hue] = match!.slice(1).map(Number) as [number, number, number];
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  return [
    clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
function contrast(one: string, other: string): number {
  const [a, b] = [luminance(linear(one)), luminance(linear(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const GROUNDS = ['page', 'surface', 'raised', 'sunken', 'hover', 'selected'];
const STATUS = ['good', 'conditions', 'stop', 'info'];
/** Text on what it stands on: 4.5 (WCAG 2.2, 1.4.3). */
const TEXTS: [string, string][] = [
  ...GROUNDS.flatMap((ground) => [
    ['text', ground] as [string, string],
    ['quiet', ground] as [string, string],
  ]),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['accent', 'surface'],
  ['accent', 'page'],
  ...STATUS.flatMap((status) => [
    [status, `${status}-tint`] as [string, string],
    [status, 'surface'] as [string, string],
    [status, 'sunken'] as [string, string],
    [status, 'selected'] as [string, string],
    [status, 'hover'] as [string, string],
  ]),
];
/** Edges of controls and shapes of charts: 3 (WCAG 2.2, 1.4.11). */
const SHAPES: [string, string][] = [
  ['edge', 'surface'],
  ['edge', 'page'],
  ['focus', 'surface'],
  ['focus', 'page'],
  ['chart-limit', 'surface'],
  ['chart-axis', 'surface'],
  ...[1, 2, 3, 4, 5, 6].map((series) => [`series-${series}`, 'surface'] as [string, string]),
];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear sRGB. */
const SIGHTS: Record<string, readonly Rgb[]> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
function lab([r, g, b]: Rgb): Rgb {
  const root = (value: number): number => Math.cbrt(Math.max(0, value));
  const l = root(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = root(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = root(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
function distance(one: string, other: string, sight: readonly Rgb[]): number {
  const seen = (colour: string): Rgb => {
    const rgb = linear(colour);
    return lab(
      sight.map((row) => row.reduce((sum, factor, at) => sum + factor * rgb[at]!, 0)) as unknown as Rgb,
    );
  };
  const [a, b] = [seen(one), seen(other)];
  return Math.hypot(...a.map((value, at) => value - b[at]!));
}

describe.each(Object.entries(themes))('the %s theme', (_, tokens) => {
  it.each(TEXTS)('writes %s on %s legibly', (text, ground) => {
    expect(contrast(tokens.get(text)!, tokens.get(ground)!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)('draws %s on %s visibly', (shape, ground) => {
    expect(contrast(tokens.get(shape)!, tokens.get(ground)!)).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.entries(SIGHTS))('has six colours that %s sight tells apart', (_sight, matrix) => {
    for (let one = 1; one <= 6; one++)
      for (let other = one + 1; other <= 6; other++)
        expect(
          distance(tokens.get(`series-${one}`)!, tokens.get(`series-${other}`)!, matrix),
          `series-${one} and series-${other}`,
        ).toBeGreaterThan(0.07);
  });

  it('has steps of heat that grow evenly away from the ground', () => {
    const steps = [0, 1, 2, 3, 4, 5, 6].map((step) =>
      contrast(tokens.get(`heat-${step}`)!, tokens.get('surface')!),
    );
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });
});

it('holds every colour of a theme as one token', () => {
  const colours = css.match(/oklch\([^)]*\)/gu)!;
  expect(colours.length).toBeGreaterThan(80);
  expect(css).not.toMatch(/#[0-9a-f]{3,8}\b|rgb\(/iu);
});
