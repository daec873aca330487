/** The image tool, for screens. */
import { basename } from 'node:path';
import type { Handlers } from '../../contract/dispatch.ts';
import { imageFormats } from '../../image/table.ts';
import type { Session } from '../session.ts';

type ImageHandlers = Pick<Handlers, Extract<keyof Handlers, `image.${string}`>>;

export function imageHandlers(session: Session): ImageHandlers {
  const pathOf = (id: string): string => session.files.pathOf(id, 'image');
  return {
    'image.formats': () => ({
      formats: imageFormats
        .filter(({ subformats }) => subformats.length > 0)
        .map(({ id, name, subformats }) => ({
          id,
          name,
          layouts: subformats.map((layout) => ({
            id: layout.id,
            name: layout.name,
            allocations: [...layout.allocations],
            compressions: [...layout.compressions],
            packed: layout.packed === true,
            split: layout.split === true,
          })),
        })),
    }),

    'image.info': ({ image }, { signal }) => session.jobs.ask('image-info', { path: pathOf(image) }, signal),

    'image.check'({ image }) {
      const path = pathOf(image);
      const { id } = session.jobs.start({
        kind: 'image-check',
        title: `Check ${basename(path)}`,
        task: 'image-check',
        input: { path },
        writes: 'none',
      });
      return { job: id };
    },

    'image.compare'({ a, b }) {
      const [one, other] = [pathOf(a), pathOf(b)];
      const { id } = session.jobs.start({
        kind: 'image-compare',
        title: `Compare ${basename(one)} with ${basename(other)}`,
        task: 'image-compare',
        input: { a: one, b: other },
        writes: 'none',
      });
      return { job: id };
    },

    'image.convert'({ image, output, format, layout, allocation, compress, verify, zeroBadSectors }) {
      const [input, result] = [pathOf(image), session.files.pathOf(output, 'image-out')];
      const { id } = session.jobs.start({
        kind: 'image-convert',
        title: `Write ${basename(input)} as ${basename(result)}`,
        task: 'image-convert',
        input: {
          input,
          output: result,
          format,
          subformat: layout,
          allocation,
          compress,
          parents: 'folder',
          verify,
          quick: false,
          force: false,
          zeroBadSectors,
        },
        writes: 'none',
      });
      session.log('image converted', { input, output: result, format });
      return { job: id };
    },
  };
}
