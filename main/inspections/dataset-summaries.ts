import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSummary } from '../../shared/domain/library.ts';
import { datasetInfo, listDatasets, type DatasetInfo } from '../data/dataset-info.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { ownDatasetsFolder } from '../data/data-dir.ts';
import { describeOwnDataset, listOwnDatasets, type OwnDataset } from '../data/own/own-datasets.ts';
import { datasetSources, type KnownFile } from '../data/sources.ts';
import { checkFileName } from '../storage/file-name.ts';
import type { InspectionContext } from './inspection.ts';

/** Returns all datasets that there are or could be, the user's last. @throws CupbearerError `cancelled`. */
export async function listDatasetSummaries(
  _: object,
  { dataDir, signal }: InspectionContext,
): Promise<DatasetSummary[]> {
  return [
    ...listDatasets(dataDir)
      .filter(({ name }) => name !== 'image-folder' && name !== 'array-folder')
      .map((info) => knownSummary(info, dataDir)),
    ...(await listOwnDatasets(dataDir, signal)).map(ownSummary),
  ];
}

/**
 * Returns one dataset, known or the user's. @throws CupbearerError `not-found`, `bad-data`, `usage` for a name that
 * cannot be one.
 */
export async function datasetSummary(
  { name }: { name: string },
  { dataDir, signal }: Pick<InspectionContext, 'dataDir' | 'signal'>,
): Promise<DatasetSummary> {
  if (datasetRegistry.has(name)) return knownSummary(datasetInfo(name, dataDir), dataDir);
  const folder = join(ownDatasetsFolder(dataDir), checkFileName(name, 'Name of the dataset'));
  return ownSummary(await describeOwnDataset(name, folder, signal));
}

function knownSummary(info: DatasetInfo, dataDir: string): DatasetSummary {
  const hashes = new Map(
    datasetSources
      .find(({ id }) => id === info.name)
      ?.files.flatMap((file): readonly KnownFile[] => file.members ?? [file])
      .map(({ name, sha256 }) => [name, sha256]),
  );
  return {
    ...info,
    // A known dataset whose files are the user's to bring is there or is not; "own" are imports.
    state: info.state === 'own' ? (existsSync(join(dataDir, info.name)) ? 'present' : 'missing') : info.state,
    folder: info.folder ?? null,
    classes: info.classes ?? null,
    shape: info.shape ? [...info.shape] : null,
    downloadBytes: info.downloadBytes ?? null,
    homepage: info.homepage ?? null,
    licence: info.licence ?? null,
    citation: info.citation ?? null,
    byHand: info.byHand ? [...info.byHand] : null,
    files: info.files.map(({ name, present, bytes }) => ({
      name,
      present,
      bytes,
      // Before the download this is the size of the download; unpacked data have none.
      sha256: hashes.get(name) ?? (present ? undefined : hashes.get(`${name}.gz`)) ?? null,
    })),
    pick: { name: info.name },
  };
}

function ownSummary(dataset: OwnDataset): DatasetSummary {
  const { name, folder, samples, classes, bytes } = dataset;
  return {
    name,
    title: name,
    state: 'own',
    folder,
    bytes,
    samples,
    classes: classes.length,
    downloadBytes: null,
    homepage: null,
    licence: null,
    citation: null,
    byHand: null,
    files: [],
    ...(dataset.kind === 'arrays' ? arraysSummary(dataset) : picturesSummary(dataset)),
  };
}

function picturesSummary({ folder, size, colour }: OwnDataset & { kind: 'pictures' }) {
  return {
    summary: `Your own pictures, ${size}\u00a0×\u00a0${size} ${colour ? 'colour' : 'grey'}`,
    shape: [size, size, colour ? 3 : 1],
    pick: { name: 'image-folder', folder, size, colour },
  };
}

function arraysSummary({ folder, shape, areTexts }: OwnDataset & { kind: 'arrays' }) {
  const sizes = shape.join('\u00a0×\u00a0');
  const what = areTexts ? `texts of ${sizes} tokens` : shape.length === 3 ? `images, ${sizes}` : `features, ${sizes}`;
  return { summary: `Your own ${what}`, shape: [...shape], pick: { name: 'array-folder', folder } };
}
