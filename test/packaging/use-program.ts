/**
 * Uses the compiled program in the folder that is given as Electron's main process does, by what lies there alone: trains with
 * threads that read, fits, previews, estimates, reports. Prints what came of it as JSON. In a process of its own, since its
 * modules are those of the folder.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Orpc from '@orpc/server';
import type * as Creation from '../../main/api/create-application.ts';
import type * as Router from '../../main/api/router.ts';
import type * as Datasets from '../../main/data/datasets/load.ts';
import type * as Reading from '../../main/data/threads/worker-reader.ts';
import type * as Processes from '../../main/jobs/child-process.ts';
import type * as Fetching from '../../shared/fetch-file.ts';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';

const [program = '', home = ''] = process.argv.slice(2);
const load = <T>(file: string) => import(pathToFileURL(join(program, 'dist/electron/main', file)).href) as Promise<T>;

const { createApplication } = await load<typeof Creation>('api/create-application.js');
const { createRouter } = await load<typeof Router>('api/router.js');
const { forkProcess } = await load<typeof Processes>('jobs/child-process.js');
const { loadDataset } = await load<typeof Datasets>('data/datasets/load.js');
const { fetchFile } = await load<typeof Fetching>('../shared/fetch-file.js');
const { WorkerReader } = await load<typeof Reading>('data/threads/worker-reader.js');
const { createRouterClient } = (await import(
  pathToFileURL(join(program, 'node_modules/@orpc/server/dist/index.mjs')).href
)) as typeof Orpc;

const poisoned = { name: 'backdoor', original: { name: 'glyphs', limit: 400 }, backdoor: { name: 'wanet' } };
const draft: ExperimentDraft = {
  preset: '',
  classifier: {
    source: 'train',
    params: { train_data: poisoned, model: { name: 'mlp', hidden_dims: [16] }, num_epochs: 2, batch_size: 50 },
  },
  task: { name: 'backdoor' },
  detectors: [{ name: 'mahalanobis' }],
  evaluation: {},
  engine: 'wasm',
  tags: [],
};

const application = createApplication({ host: { kind: 'electron', launch: forkProcess } });
const client = createRouterClient(createRouter(application));
const dataset = await loadDataset(poisoned, { dataDir: home, seed: 0, signal: new AbortController().signal });
const reader = new WorkerReader(dataset.recipe!());
await reader.ready;
const batch = await reader.ask({ indices: Int32Array.of(0, 1, 2), epoch: 0 });
await reader.close();

const preview = await client.drafts.preview({ draft, draw: 0, count: 2 });
const estimate = await client.drafts.estimate({ draft });
const { ids } = await client.drafts.start({ draft });
await Promise.all(ids.map((id) => application.queued.ended(id)));
const runs = await Promise.all(ids.map((id) => client.runs.get({ id })));
const report = await fetchFile(client.files, await client.reports.make({ runs: ids, format: 'html' }));
const figures = await client.reports.make({ runs: ids.slice(1), format: 'figures-png' });
const result = {
  read: batch.labels.length,
  preview: preview.samples.kind === 'images' ? preview.samples.count : 0,
  estimated: estimate.totalMs !== null,
  runs: runs.map(({ record }) => ({ status: record.status, error: record.error?.message ?? null })),
  files: runs.flatMap(({ files }) => files.map(({ name }) => name)),
  report: (await report.text()).includes('@font-face'),
  figures: figures.bytes,
  engines: (await client.engines.statuses({})).map(({ id, works }) => ({ id, works })),
};
await application.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
