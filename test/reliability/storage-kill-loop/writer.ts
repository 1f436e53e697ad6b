/** Process that writes what the program stores, generation after generation, until it is killed: `writer.ts PLACE WRITER FIRST`. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openCatalogue } from '../../../main/storage/open-catalogue.ts';
import { rewritten, writerFolder } from './files.ts';
import { writeRun } from './runs.ts';

const [place = '', writer = '', first = ''] = process.argv.slice(2);
const folder = writerFolder(place, Number(writer));
const catalogue = openCatalogue(join(place, 'catalogue.sqlite'));

/** Tells what is finished; at once, so that a kill right after it does not swallow the line. */
const tell = (what: string, generation: number) => writeSync(1, `${what} ${generation}\n`);

for (let generation = Number(first); ; generation++) {
  rewritten.forEach((kind, place) => {
    kind.write(folder, generation);
    tell(`file-${place}`, generation);
  });
  writeRun(catalogue, place, Number(writer), generation, tell);
}
