import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';

/** A finished classifier run, with what a test wants otherwise. */
export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: '20261123-203311-k3f9',
    kind: 'classifier',
    status: 'done',
    title: 'mlp on glyphs, corner trigger',
    folder: '/nowhere/logs/classifier',
    spec: { model: { name: 'mlp', hidden_dims: [256, 256] } },
    parents: [],
    metrics: { clean_accuracy: 0.97, attack_success: null },
    timings: { training: 20111.5 },
    engine: 'wasm',
    versions: { cupbearer: '0.1.0' },
    error: null,
    created_at: '2026-11-23T20:33:11.000Z',
    started_at: '2026-11-23T20:33:12.000Z',
    ended_at: null,
    host_pid: 4711,
    host_started: 'boot:123',
    tags: [],
    notes: '',
    pinned: false,
    archived: false,
    ...changes,
  };
}

export function specFile(): SpecFile {
  return {
    format: 1,
    kind: 'classifier',
    spec: { model: { name: 'mlp' } },
    seed: 7,
    engine: 'wasm',
    versions: { cupbearer: '0.1.0' },
    fingerprints: { train_data: 'ab12' },
    parents: [],
    created_at: '2026-11-23T20:33:11.000Z',
  };
}
