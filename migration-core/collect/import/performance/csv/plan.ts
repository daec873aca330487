/** A mapping against the headings of a file: which cells of a row are what. */
import { IronliftError } from '../../../../base/errors.ts';
import { unitFactor } from '../units.ts';
import type { ColumnName, CsvMapping, Figure } from './mapping.ts';

interface Conversion {
  scale: number;
  plus: number;
}

/** @throws IMPORT_NEEDS_ANSWER where the unit does not measure what the metric is */
export function conversionOf(figure: Figure): Conversion {
  const unit = figure.unit === undefined ? 1 : unitFactor(figure.metric, figure.unit);
  if (unit === undefined)
    throw needsMapping(`The unit ${figure.unit!} does not fit the metric ${figure.metric}.`, {});
  return { scale: unit * (figure.factor ?? 1), plus: figure.plus ?? 0 };
}

export interface PlannedFigure {
  column: number;
  figure: Figure;
  /** Where no column names it. */
  instance: string | undefined;
  conversion: Conversion;
}

/** Column numbers of everything in the mapping; -1 for what it does not have. */
export interface CsvPlan {
  time: number;
  clock: number;
  server: number;
  instance: number;
  /** Long form. */
  metric: number;
  value: number;
  /** Wide form. */
  figures: PlannedFigure[];
  /** A row with fewer cells is cut short. */
  columns: number;
}

/** @throws IMPORT_NEEDS_ANSWER where the file has no such column */
export function planOf(mapping: CsvMapping, headings: readonly string[]): CsvPlan {
  const at = (name: ColumnName | undefined): number => {
    if (name === undefined) return -1;
    const column =
      typeof name === 'number'
        ? name
        : headings.findIndex((heading) => heading.trim().toLowerCase() === name.trim().toLowerCase());
    if (column < 0 || column >= headings.length)
      throw needsMapping(`The file has no column ${name}.`, { headings: headings.slice(0, 200) });
    return column;
  };
  const plan = {
    time: at(mapping.time.column),
    clock: at(mapping.time.clock),
    server: at(mapping.server),
    instance: at(mapping.instance),
    metric: mapping.form === 'long' ? at(mapping.metric.column) : -1,
    value: mapping.form === 'long' ? at(mapping.value) : -1,
    figures:
      mapping.form === 'long'
        ? []
        : mapping.figures.map((figure) => ({
            column: at(figure.column),
            figure,
            instance: figure.instance,
            conversion: conversionOf(figure),
          })),
  };
  const used = [plan.time, plan.clock, plan.server, plan.instance, plan.metric, plan.value];
  const columns = 1 + Math.max(...used, ...plan.figures.map(({ column }) => column));
  return { ...plan, columns };
}

export function needsMapping(message: string, data: Record<string, unknown>): IronliftError {
  return new IronliftError('IMPORT_NEEDS_ANSWER', message, {
    next: 'Say which column is the time, the server, and each figure, and in what unit it is.',
    data: { option: 'columns', ...data },
  });
}
