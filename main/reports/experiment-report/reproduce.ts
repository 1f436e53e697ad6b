import { ownEngines } from '../../../shared/engine-parts.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { formatCount } from '../../../shared/format.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';
import { readRecord, readSpec, scoreLayout } from '../../storage/run-folder.ts';
import { table, text, type Block } from './document.ts';

/** What the runs of an experiment were made with. */
interface Provenance {
  versions: Map<string, Set<string>>;
  engines: Set<string>;
  /** By task, then by role of the data, the hashes. */
  fingerprints: Map<string, Map<string, Set<string>>>;
  /** Test samples by task. */
  samples: Map<string, Set<number>>;
  read: number;
  unread: number;
}

/** More hashes of one thing are seeds that draw other data each. */
const mostHashes = 3;

/** Versions, engines, seeds, and what the data were, read from the folders of one detector's runs a task and seed. */
export function provenanceOf(subject: MatrixSubject): Provenance {
  const found: Provenance = {
    versions: new Map(),
    engines: new Set(),
    fingerprints: new Map(),
    samples: new Map(),
    read: 0,
    unread: 0,
  };
  subject.columns.forEach(({ label }, c) => {
    for (const seed of subject.seeds) {
      const run = subject.cells
        .flatMap((row) => row[c]!.seeds)
        .find((each) => each.seed === seed && each.run?.status === 'done')?.run;
      if (run) addRun(found, label, run.folder);
    }
  });
  return found;
}

function addRun(found: Provenance, label: string, folder: string): void {
  const add = <K, V>(sets: Map<K, Set<V>>, key: K, value: V) =>
    sets.set(key, (sets.get(key) ?? new Set<V>()).add(value));
  try {
    const { versions, fingerprints } = readSpec(folder);
    for (const [name, version] of Object.entries(versions)) add(found.versions, name, version);
    for (const engine of ownEngines(readRecord(folder))) found.engines.add(engine);
    const own = found.fingerprints.get(label) ?? new Map<string, Set<string>>();
    for (const [role, hash] of Object.entries(fingerprints)) add(own, role, hash);
    found.fingerprints.set(label, own);
    add(found.samples, label, scoreLayout(folder).samples);
    found.read++;
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    found.unread++;
  }
}

/** Everything that is needed to reproduce the figures besides the experiment's file. */
export function reproduceBlocks(
  subject: MatrixSubject,
  { versions, engines, fingerprints, samples, unread }: Provenance,
): Block[] {
  const listed = (values: ReadonlySet<unknown> | undefined) => [...(values ?? [])].map(String).join(', ');
  const rows = [
    ...[...versions].map(([name, found]) => [name, listed(found)]),
    ['engine', listed(engines) || '–'],
    ['seeds', subject.seeds.join(', ')],
    ...[...samples].map(([label, counts]) => [`test samples, ${label}`, [...counts].map(formatCount).join(', ')]),
  ];
  const hashes = [...fingerprints].flatMap(([label, roles]) =>
    [...roles].map(([role, found]) => [
      label,
      role.replaceAll('_', ' '),
      found.size > mostHashes ? `${found.size} different ones` : listed(found),
    ]),
  );
  return [
    table({ caption: 'What the runs were made with.', head: ['', ''], numeric: [false, false], rows }),
    table({
      caption: 'SHA-256 of models and data, by task; several are those of several seeds.',
      head: ['Task', 'What', 'SHA-256'],
      numeric: [false, false, false],
      rows: hashes,
    }),
    ...(unread > 0 ? [text(`The folders of ${unread} runs that this is read from cannot be read.`)] : []),
  ];
}
