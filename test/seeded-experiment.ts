import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../main/api/versions.ts';
import { planExperiment } from '../main/experiments/plan.ts';
import { writeExperiment, writeLinks } from '../main/storage/experiment-folder.ts';
import { cataloguePath } from '../main/storage/home.ts';
import { openCatalogue } from '../main/storage/open-catalogue.ts';
import { writeScores } from '../main/storage/run-folder.ts';
import { RandomStream } from '../main/tensor/random.ts';
import { experimentFormat, experimentSpecSchema } from '../shared/domain/experiment.ts';
import { evaluatedRun } from './evaluated-runs.ts';

const samples = 400;

/**
 * Puts a finished experiment of `tasks` x `detectors` cells with one seed into the catalogue of the program's folder `home`, its
 * scores made up from a seed. Returns its id.
 */
export function seedExperiment(home: string, tasks: number, detectors: number): string {
  const id = 'seeded-experiment';
  const folder = join(home, 'runs', 'experiments', 'many-cells');
  const dataDir = join(home, 'data');
  const classifier = { train_data: { name: 'backdoor', original: 'glyphs', backdoor: 'corner' } };
  const spec = experimentSpecSchema.parse({
    name: 'Many cells',
    tasks: [{ name: 'backdoor', label: 'Corner', classifier }],
    detectors: [{ name: 'knn', label: 'knn' }],
    sweep: {
      'task.classifier.num_epochs': Array.from({ length: tasks }, (_, i) => i + 1),
      'detector.k': Array.from({ length: detectors }, (_, i) => i + 1),
    },
  });
  const version = versions()['cupbearer'] ?? '';
  const plan = planExperiment({
    spec,
    dataDir,
    workingDir: home,
    version,
    runFolders: {},
    mostCells: tasks * detectors,
  });
  const random = RandomStream.from(13, 'seeded experiment');
  const labels = Uint8Array.from({ length: samples }, (_, i) => i % 2);
  const sampleIndex = Int32Array.from(labels, (_, i) => i);
  const catalogue = openCatalogue(cataloguePath(home));
  const links = [...plan.runs.values()].map(({ key, kind, place }, k) => {
    const record = evaluatedRun(join(folder, place), 100_000 + k, 0.9);
    mkdirSync(record.folder, { recursive: true });
    if (kind === 'detector') {
      const gap = 4 * random.uniform();
      const scores = () => Float32Array.from(labels, (label) => random.normal() + gap * label);
      writeScores(record.folder, {
        layers: new Map(['layers.linear_0.output', 'layers.linear_1.output', 'all'].map((name) => [name, scores()])),
        labels,
        sampleIndex,
      });
    }
    const metrics = kind === 'classifier' ? { clean_accuracy: 0.97, attack_success: 0.99 } : record.metrics;
    catalogue.insert({ ...record, kind, metrics });
    return { key, run: record.id, folder: record.folder };
  });
  const created = new Date().toISOString();
  writeExperiment(folder, { format: experimentFormat, id, created_at: created, runs: plan.runs.size, working_dir: home, data_dir: dataDir, spec }); // prettier-ignore
  writeLinks(folder, links);
  catalogue.takeUpExperiment(folder);
  catalogue.close();
  return id;
}
