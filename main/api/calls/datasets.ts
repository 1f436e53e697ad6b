import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSummary, DownloadState } from '../../../shared/domain/library.ts';
import { ownDatasetsFolder } from '../../data/data-dir.ts';
import { datasetInfo, listDatasets, type DatasetInfo } from '../../data/dataset-info.ts';
import { datasetRegistry } from '../../data/datasets/index.ts';
import { downloadDataset } from '../../data/download/download-dataset.ts';
import { importFiles, importFolder } from '../../data/import-dataset.ts';
import { describeOwnDataset, listOwnDatasets, type OwnDataset } from '../../data/own-datasets.ts';
import { datasetSources, type KnownFile } from '../../data/sources.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { latestOf } from '../latest-of.ts';
import { packSamples } from '../pack-samples.ts';
import { dataFolder } from '../settings.ts';

/** The calls about datasets. */
export function datasetsCalls({ settings, inspector }: Application) {
  const dataDir = () => dataFolder(settings.current());
  const summaryOf = async (name: string): Promise<DatasetSummary> => {
    const own = join(ownDatasetsFolder(dataDir()), name);
    return datasetRegistry.has(name)
      ? knownSummary(datasetInfo(name, dataDir()), dataDir())
      : ownSummary(await describeOwnDataset(name, own));
  };
  return {
    list: calls.datasets.list.handler(async () => [
      ...listDatasets(dataDir())
        .filter(({ name }) => name !== 'image-folder')
        .map((info) => knownSummary(info, dataDir())),
      ...(await listOwnDatasets(dataDir())).map(ownSummary),
    ]),
    preview: calls.datasets.preview.handler(async ({ input: { name, draw, count }, signal }) => {
      const { pick } = await summaryOf(name);
      const options = { dataDir: dataDir(), signal };
      const { samples, counts } = await inspector.ask('preview-dataset', { dataset: pick, draw, count }, options);
      return { samples: packSamples(samples), counts };
    }),
    download: calls.datasets.download.handler(({ input, signal }) =>
      latestOf<DownloadState>(async (tell, stop) => {
        await downloadDataset(input.name, dataDir(), {
          signal: stop,
          progress: (done, total, file) => tell({ done, total, file, finished: false }),
        });
        const { bytes } = datasetInfo(input.name, dataDir());
        return { done: bytes, total: bytes, file: '', finished: true };
      }, signal),
    ),
    import: calls.datasets.import.handler(async ({ input: { name, files, paths } }) =>
      summaryOf(await importFiles(name, files, paths, dataDir())),
    ),
    importFolder: calls.datasets.importFolder.handler(async ({ input: { name, folder } }) =>
      summaryOf(await importFolder(name, folder, dataDir())),
    ),
  };
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
      // Of one that is not there yet it is that of the download; one that was unpacked has none.
      sha256: hashes.get(name) ?? (present ? undefined : hashes.get(`${name}.gz`)) ?? null,
    })),
    pick: { name: info.name },
  };
}

function ownSummary({ name, folder, samples, classes, bytes, size, colour }: OwnDataset): DatasetSummary {
  return {
    name,
    title: name,
    summary: `Your own pictures, ${size}\u00a0×\u00a0${size} ${colour ? 'colour' : 'grey'}`,
    state: 'own',
    folder,
    bytes,
    samples,
    classes: classes.length,
    shape: [size, size, colour ? 3 : 1],
    downloadBytes: null,
    homepage: null,
    licence: null,
    citation: null,
    byHand: null,
    files: [],
    pick: { name: 'image-folder', folder, size, colour },
  };
}
