import { counted } from '../../../shared/format.ts';

/** Why something in a folder of pictures is not part of the dataset, for one and for several. */
const reasons = {
  format: ['file that is not PNG, JPEG, PPM, PGM or PBM', 'files that are not PNG, JPEG, PPM, PGM or PBM'],
  classless: ['picture that lies in no folder of a class', 'pictures that lie in no folder of a class'],
  empty: ['folder without pictures', 'folders without pictures'],
  link: ['link that leads nowhere', 'links that lead nowhere'],
  name: ['file or folder whose name is not UTF-8', 'files and folders whose names are not UTF-8'],
  beside: ['file or folder beside train and test', 'files and folders beside train and test'],
  unknown: [
    'folder of a class that the training half does not have',
    'folders of classes that the training half does not have',
  ],
} as const;

type LeftOutReason = keyof typeof reasons;

/** How many names a sentence lists for each reason. */
const named = 3;

/** Counts what is left out of a folder of pictures, to tell the user. */
export class LeftOut {
  readonly #found = new Map<LeftOutReason, { count: number; names: string[] }>();

  add(reason: LeftOutReason, name: string): void {
    const found = this.#found.get(reason) ?? { count: 0, names: [] };
    this.#found.set(reason, found);
    found.count++;
    if (found.names.length < named) found.names.push(name);
  }

  /**
   * "Left out of FOLDER: 2 files that are not PNG, JPEG, PPM, PGM or PBM (a.gif, b.webp)."; undefined if nothing was left out.
   */
  sentence(folder: string): string | undefined {
    if (this.#found.size === 0) return undefined;
    const parts = [...this.#found].map(([reason, { count, names }]) => {
      const more = count > names.length ? ', …' : '';
      const [one, many] = reasons[reason];
      return `${counted(count, one, many)} (${names.join(', ')}${more})`;
    });
    return `Left out of ${folder}: ${parts.join('; ')}.`;
  }
}
