/**
 * `npm run bench:host`: how long the host's event loop is held up, and what memory the host takes, while data sets are listed,
 * imported and uploaded. Every host must answer other calls meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendFiles } from '../../../shared/send-files.ts';
import { imported } from '../../api/imports.ts';
import type { Client } from '../../hosts/web-client.ts';
import { writeHome, writePhotographs } from './data.ts';
import { startMeasuredHost } from './measured-host.ts';

const place = mkdtempSync(join(tmpdir(), 'cupbearer-bench-host-'));
const home = join(place, 'home');
process.stderr.write('Writing 43 classes of photographs and a folder of 200,000 files ...\n');
writePhotographs(join(home, 'data', 'own', 'photographs'), 43, 3, true);
writePhotographs(join(place, 'photographs'), 43, 3, true);
writeHome(join(place, 'large'), 200_000);

const host = await startMeasuredHost(place, home);

async function uploadFile(calls: Client, megabytes: number): Promise<unknown> {
  const file = new File([new Uint8Array(megabytes * 2 ** 20)], 'photograph.png');
  const upload = await sendFiles(calls.uploads, [file], ['a/photograph.png']);
  return imported(calls.datasets.import({ name: 'uploaded', upload }));
}

try {
  await host.measure('nothing', () => new Promise((resolve) => setTimeout(resolve, 1000)));
  await host.measure('list, 43 classes of photographs', (calls) => calls.datasets.list({}));
  await host.measure('list again', (calls) => calls.datasets.list({}));
  await host.measure('import a folder of 200,000 files', (calls) =>
    imported(calls.datasets.importFolder({ name: 'large', folder: join(place, 'large') })),
  );
  await host.measure('import 43 classes of photographs', (calls) =>
    imported(calls.datasets.importFolder({ name: 'imported', folder: join(place, 'photographs') })),
  );
  await host.measure('look for runs in 200,000 files', (calls) => calls.runs.takeUp({ folder: join(place, 'large') }));
  await host.measure('upload a file of 200 MB', (calls) => uploadFile(calls, 200));
} finally {
  await host.stop();
  rmSync(place, { recursive: true, force: true });
}
