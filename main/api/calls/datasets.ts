import type { DownloadState, ImportState } from '../../../shared/domain/library.ts';
import type { ImportRequest } from '../../data/own/import-dataset.ts';
import type { InspectionProgress } from '../../jobs/inspection-protocol.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { latestOf } from '../latest-of.ts';
import { packSamples } from '../pack-samples.ts';
import { dataFolder } from '../settings.ts';

/** The calls about datasets. */
export function datasetsCalls({ settings, inspector, library, uploads }: Application) {
  const dataDir = () => dataFolder(settings.current());
  const imported = async (
    request: ImportRequest,
    tell: (news: ImportState) => void,
    signal: AbortSignal,
  ): Promise<ImportState> => {
    const onProgress = (progress: InspectionProgress) => tell({ type: 'progress', ...progress });
    const options = { dataDir: dataDir(), signal, onProgress };
    return { type: 'done', ...(await library.ask('import-dataset', request, options)) };
  };
  return {
    list: calls.datasets.list.handler(({ signal }) => library.ask('list-datasets', {}, { dataDir: dataDir(), signal })),
    preview: calls.datasets.preview.handler(async ({ input: { name, draw, count }, signal }) => {
      const options = { dataDir: dataDir(), signal };
      const { pick } = await library.ask('describe-dataset', { name }, options);
      const { samples, ...about } = await inspector.ask('preview-dataset', { dataset: pick, draw, count }, options);
      return { samples: packSamples(samples), ...about };
    }),
    download: calls.datasets.download.handler(({ input, signal }) =>
      latestOf<DownloadState>(async (tell, stop) => {
        const { bytes } = await library.ask('download-dataset', input, {
          dataDir: dataDir(),
          signal: stop,
          onProgress: ({ phase, done, total }) => tell({ done, total, file: phase, finished: false }),
        });
        return { done: bytes, total: bytes, file: '', finished: true };
      }, signal),
    ),
    import: calls.datasets.import.handler(({ input: { name, upload }, signal }) =>
      latestOf<ImportState>(
        (tell, stop) => uploads.take(upload, (folder) => imported({ name, folder, isOwn: true }, tell, stop)),
        signal,
      ),
    ),
    importFolder: calls.datasets.importFolder.handler(({ input: { name, folder }, signal }) =>
      latestOf<ImportState>((tell, stop) => imported({ name, folder, isOwn: false }, tell, stop), signal),
    ),
  };
}
