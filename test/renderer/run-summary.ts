import type { RunSummary } from '../../shared/domain/live.ts';

const finished: RunSummary = {
  id: 'a',
  kind: 'detector',
  status: 'done',
  title: '',
  folder: '/a',
  task: 'backdoor',
  taskDetail: 'corner, mnist',
  subject: {
    training: 'poisoned',
    trained: { id: 'corner', detail: '' },
    tested: { id: 'corner', detail: '' },
    change: '',
    words: '',
  },
  dataset: 'mnist',
  ownDataset: '',
  detector: 'mahalanobis',
  detectorDetail: '',
  model: 'mlp',
  name: '',
  details: [],
  metrics: {},
  durationMs: null,
  createdAt: '2026-11-24T10:00:00Z',
  endedAt: null,
  seed: 0,
  engines: [],
  testData: null,
  parents: [],
  error: null,
  tags: [],
  notes: '',
  pinned: false,
  archived: false,
  locked: false,
  resumable: false,
  fault: null,
};

/** A finished run of a detector, but for what is given. */
export const runSummary = (given: Partial<RunSummary>): RunSummary => ({ ...finished, ...given });
