import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import type { RunRecord } from '../shared/domain/run.ts';
import { columns, toRow } from '../main/storage/catalogue-rows.ts';
import { cataloguePath } from '../main/storage/home.ts';
import { openCatalogue } from '../main/storage/open-catalogue.ts';
import { RandomStream } from '../main/tensor/random.ts';

const detectors = ['mahalanobis', 'knn', 'spectral', 'que', 'isolation-forest'] as const;
const triggers = ['corner', 'noise', 'blended', 'wanet'] as const;

/**
 * Puts `count` finished runs of detectors into the catalogue of the program's folder `home`, made up from a seed, one a
 * minute before now, and returns their ids. One in a hundred carries the tag "paper". Their folders do not exist.
 */
export function seedRuns(home: string, count: number): string[] {
  openCatalogue(cataloguePath(home)).close();
  const database = new BetterSqlite(cataloguePath(home));
  const names = columns.map((name) => `@${name}`).join(', ');
  const insert = database.prepare(`INSERT INTO runs (${columns.join(', ')}) VALUES (${names})`);
  const tag = database.prepare('INSERT INTO run_tags (run_id, position, tag) VALUES (?, 0, ?)');
  const random = RandomStream.from(7, 'seeded runs');
  database.transaction(() => {
    for (let k = 0; k < count; k++) {
      insert.run(toRow(seededRun(home, k, random)));
      if (k % 100 === 0) tag.run(seededId(k), 'paper');
    }
  })();
  database.close();
  return Array.from({ length: count }, (_, k) => seededId(k));
}

function seededId(k: number): string {
  return `20260101-${String(k).padStart(6, '0')}-${(k % 46_656).toString(36).padStart(4, '0')}`;
}

function seededRun(home: string, k: number, random: RandomStream): RunRecord {
  const detector = detectors[k % detectors.length]!;
  const trigger = triggers[Math.floor(k / detectors.length) % triggers.length]!;
  const auroc = 0.5 + 0.5 * random.uniform();
  const ended = new Date(Date.now() - 60_000 * (k + 1));
  const started = new Date(ended.getTime() - 20_000);
  return {
    id: seededId(k),
    kind: 'detector',
    status: 'done',
    title: `${detector} on backdoor: ${trigger}`,
    folder: join(home, 'runs', `seeded-${k}`),
    spec: {
      detector: { name: detector },
      task: { name: 'backdoor', run_path: join(home, 'runs', 'classifier'), backdoor: { name: trigger } },
      seed: k,
    },
    parents: [],
    metrics: { auroc, auroc_lower: Math.max(0, auroc - 0.01), auroc_upper: Math.min(1, auroc + 0.01), ap: auroc },
    timings: { total: 20_000 },
    engine: 'wasm',
    versions: { cupbearer: '0.1.0' },
    error: null,
    created_at: started.toISOString(),
    started_at: started.toISOString(),
    ended_at: ended.toISOString(),
    host_pid: null,
    host_started: null,
    tags: [],
    notes: '',
    pinned: false,
    archived: false,
  };
}
