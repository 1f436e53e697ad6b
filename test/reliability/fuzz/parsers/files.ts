import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { draftSchema } from '../../../../shared/domain/draft.ts';
import { settingsSchema } from '../../../../shared/domain/settings.ts';
import { listInstallations } from '../../../../main/engine-install/installations.ts';
import { StoredDraft } from '../../../../main/api/drafts/stored-draft.ts';
import { readCheckpoint } from '../../../../main/runs/work/checkpoint.ts';
import { readDetector, detectorLayers } from '../../../../main/runs/detector-file.ts';
import { readWindowPlace } from '../../../../main/hosts/electron/window-place.ts';
import { readFolderList } from '../../../../main/storage/folder-list.ts';
import { readLines } from '../../../../main/storage/json-lines.ts';
import { JsonLinesTail } from '../../../../main/storage/json-lines-tail.ts';
import { encodeNpy } from '../../../../main/storage/npy.ts';
import { readFileBytes } from '../../../../main/storage/read-file.ts';
import { openCatalogue } from '../../../../main/storage/open-catalogue.ts';
import { takeUpRemovedFolders } from '../../../../main/storage/removed-folders.ts';
import { readTrashList } from '../../../../main/storage/trash-list.ts';
import { recordFileText } from '../../../../main/storage/run-files.ts';
import { readRecord, readScores, readSpec } from '../../../../main/storage/run-folder.ts';
import { encodeSafetensors } from '../../../../main/storage/safetensors.ts';
import { readSettings } from '../../../../main/storage/settings-file.ts';
import { selectedId, selectionPath } from '../../../../main/tensor/engines/tensorflow/installation.ts';
import { runRecord, specFile } from '../../../storage/run-records.ts';
import { bytesOf, jsonOf, type Parser } from '../parser.ts';
import { asFile, emptyScratch, scratch } from '../scratch.ts';

const runJson: Parser = {
  name: 'run-json',
  seeds: () => [
    bytesOf(recordFileText(runRecord())),
    bytesOf(
      recordFileText(
        runRecord({
          status: 'failed',
          error: { code: 'crashed', message: 'It ended.', hint: 'Try again.', details: { code: 1 } },
          engine_parts: [{ engine: 'wasm', part: 'run', started_at: '2026-11-23T20:33:12.000Z' }],
          engines_passed_over: { webgpu: 'No GPU.' },
          tags: ['a', 'b'],
        }),
      ),
    ),
  ],
  parse: (input) => {
    asFile(input, 'run-json', 'run.json');
    return readRecord(scratch('run-json'));
  },
  isJson: true,
};

const specJson: Parser = {
  name: 'spec-json',
  seeds: () => [
    jsonOf(specFile()),
    jsonOf({ ...specFile(), data_dir: '/data', earlier_batch_sizes: [64], command: 'x' }),
  ],
  parse: (input) => {
    asFile(input, 'spec-json', 'spec.json');
    return readSpec(scratch('spec-json'));
  },
  isJson: true,
};

const settings: Parser = {
  name: 'settings',
  seeds: () => [
    jsonOf(settingsSchema.parse({})),
    jsonOf({ theme: 'dark', parallelJobs: 2, savedFilters: ['auroc>0.9'] }),
  ],
  parse: (input) => readSettings(asFile(input, 'settings', 'settings.json')),
  // Whatever the file holds, the program must start.
  takesAll: true,
  isJson: true,
};

/** A draft as the wizard stores it. */
const draft: z.input<typeof draftSchema> = {
  preset: '',
  classifier: { source: 'train', params: { model: { name: 'mlp' }, num_epochs: 2 } },
  task: { name: 'backdoor', backdoor: { name: 'corner' } },
  detectors: [{ name: 'mahalanobis', rcond: 0.001 }],
  evaluation: { analysis: true },
  engine: 'auto',
  tags: ['paper'],
};

const storedDraft: Parser = {
  name: 'stored-draft',
  seeds: () => [jsonOf(draft)],
  parse: (input) => {
    asFile(input, 'stored-draft', 'draft.json');
    return new StoredDraft(scratch('stored-draft')).read();
  },
  takesAll: true,
  isJson: true,
};

const windowPlace: Parser = {
  name: 'window-place',
  seeds: () => [jsonOf({ bounds: { x: 0, y: 10, width: 1200, height: 800 }, isMaximized: false })],
  parse: (input) => readWindowPlace(asFile(input, 'window-place', 'window.json')),
  takesAll: true,
  isJson: true,
};

const jsonLines: Parser = {
  name: 'json-lines',
  seeds: () => [bytesOf('{"epoch":1,"loss":0.5}\n{"time":"2026","message":"ü"}\n'), bytesOf('{"a":[1,2]}\n{"cut')],
  parse: (input) => readLines(asFile(input, 'json-lines', 'log.jsonl')),
  dictionary: ['{"a":1}\n', '\n\n', '[]\n', 'null\n'],
};

const jsonLinesTail: Parser = {
  ...jsonLines,
  name: 'json-lines-tail',
  // Read in two goes, as of a file that grows.
  parse: (input) => {
    const path = asFile(input.subarray(0, input.length / 2), 'json-lines-tail', 'log.jsonl');
    const tail = new JsonLinesTail(path);
    const first = tail.read();
    writeFileSync(path, input);
    return [...first, ...tail.read()];
  },
  takesAll: true,
};

const folderList: Parser = {
  name: 'folder-list',
  seeds: () => [bytesOf('/a/run\n/b/run\n- /a/run\n"/c/with \\n line"\n')],
  parse: (input) => {
    asFile(input, 'folder-list', 'folders.txt');
    return readFolderList(join(scratch('folder-list'), 'catalogue.sqlite'));
  },
  takesAll: true,
  dictionary: ['- ', '"', '\\n', '\r\n'],
};

const removedFolders: Parser = {
  name: 'removed-folders',
  takesAll: true,
  seeds: () => [
    jsonOf([{ folder: '/nowhere/run', hidden: '/nowhere/.cupbearer-removed-a', pid: 99_999_999, started: 'boot:1' }]),
  ],
  parse: (input) => {
    asFile(input, 'removed-folders', 'removed.json');
    const catalogue = openCatalogue(join(scratch('removed-folders'), 'catalogue.sqlite'));
    try {
      takeUpRemovedFolders(catalogue);
    } finally {
      catalogue.close();
    }
  },
  isJson: true,
};

const trashList: Parser = {
  name: 'trash-list',
  takesAll: true,
  seeds: () => [
    bytesOf(
      '{"id":"a","what":"run","name":"knn","folder":"/a","place":"/.a","kept":[],"trashed_at":"2026-11-30T12:00:00Z","runs":["b"]}\n{"gone":"a"}\n',
    ),
  ],
  parse: (input) => {
    asFile(input, 'trash-list', 'trash.jsonl');
    return readTrashList(join(scratch('trash-list'), 'catalogue.sqlite'));
  },
  dictionary: ['{"gone":"', '"}\n', '"experiment"'],
};

/** The choice of an installation of TensorFlow, and what is told of each. */
const installations: Parser = {
  name: 'installations',
  seeds: () => [jsonOf({ use: 'bundled' }), jsonOf({ use: 'tensorflow-2.20.0-cpu' })],
  parse: (input) => {
    mkdirSync(join(selectionPath(), '..'), { recursive: true });
    writeFileSync(selectionPath(), input);
    return [selectedId(), listInstallations()];
  },
  isJson: true,
};

const detectorFile: Parser = {
  name: 'detector-file',
  seeds: () => [
    encodeSafetensors(
      { mean: { shape: [2], data: new Float64Array([0, 1]) } },
      {
        format: '1',
        spec: JSON.stringify({ name: 'mahalanobis', rcond: 1e-5 }),
        layers: JSON.stringify(['layers.linear_0.output']),
        values: JSON.stringify({ count: 10 }),
      },
    ),
  ],
  parse: (input) => {
    asFile(input, 'detector-file', 'detector.safetensors');
    return [readDetector(scratch('detector-file')), detectorLayers(scratch('detector-file'))];
  },
  dictionary: ['"spec"', '"layers"', '"values"', '"standardisation"', '"{}"', '"[]"', '"null"'],
};

const checkpoint: Parser = {
  name: 'checkpoint',
  seeds: () => [
    encodeSafetensors(
      {
        'weights/layers.linear_0.weight': { shape: [1, 2], data: new Float32Array(2) },
        'optimizer/step': { shape: [1], data: new Int32Array([3]) },
      },
      { epochs: '3' },
    ),
  ],
  parse: (input) => {
    asFile(input, 'checkpoint', 'checkpoint.safetensors');
    return readCheckpoint(scratch('checkpoint'));
  },
  dictionary: ['weights/', 'optimizer/', '"epochs":"'],
};

/** One file of a folder of scores; the others are as they should be. */
const scores: Parser = {
  name: 'scores',
  seeds: () => {
    const folder = scratch('scores', 'scores');
    const write = (name: string, data: Int32Array | Uint8Array) =>
      writeFileSync(join(folder, `${name}.npy`), encodeNpy({ shape: [3], data }));
    write('anomaly_labels', new Uint8Array([0, 1, 1]));
    write('sample_index', new Int32Array([0, 1, 2]));
    write('true_class', new Int32Array(3));
    return [encodeNpy({ shape: [3], data: new Float32Array([0.5, 1, 2]) })];
  },
  parse: (input) => {
    writeFileSync(join(scratch('scores', 'scores'), 'all.npy'), input);
    return readScores(scratch('scores'));
  },
};

/** The catalogue itself: what is damaged is set aside and rebuilt, and the list can be read in any case. */
const catalogue: Parser = {
  name: 'catalogue',
  seeds: () => {
    const path = join(emptyScratch('catalogue-seed'), 'catalogue.sqlite');
    const opened = openCatalogue(path);
    for (let k = 0; k < 5; k++) {
      const folder = scratch('catalogue-seed', `run-${k}`);
      opened.insert(runRecord({ id: `20261123-203311-k3f${k}`, folder, tags: ['paper', `tag ${k}`], notes: 'words' }));
    }
    opened.close();
    return [readFileBytes(path)];
  },
  parse: (input) => {
    const path = join(emptyScratch('catalogue'), 'catalogue.sqlite');
    writeFileSync(path, input);
    const opened = openCatalogue(path);
    try {
      return [opened.list(), opened.slice(), opened.health(), opened.childrenOf('a')];
    } finally {
      opened.close();
    }
  },
  takesAll: true,
  dictionary: ['SQLite format 3\0', 'runs', 'CREATE TABLE', '"queued"', '{"name":"mlp"}', 'null'],
  shortRun: 80,
};

/** Parsers of the program's own files and of those in run folders. */
export const fileParsers: readonly Parser[] = [
  runJson,
  specJson,
  settings,
  storedDraft,
  windowPlace,
  jsonLines,
  jsonLinesTail,
  folderList,
  removedFolders,
  trashList,
  installations,
  detectorFile,
  checkpoint,
  scores,
  catalogue,
];
