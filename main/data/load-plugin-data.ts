import { given } from '../../shared/given.ts';
import { askBothHalves, askHalf, datasetFactsOf, keptDatasetFacts, type HandedData } from '../plugins/dataset-facts.ts';
import { PluginProcess } from '../plugins/plugin-process.ts';
import { ByteFile } from '../storage/byte-file.ts';
import { bytesOf } from '../storage/element-type.ts';
import type { Dataset, DatasetContext } from './dataset.ts';
import { loadedOnce } from './datasets/loaded-once.ts';
import { fingerprint as fingerprintOf } from './fingerprint.ts';
import { imageDataset } from './image-dataset.ts';
import type { PluginData } from './plugin-data.ts';
import { rowsDataset } from './readers/arrays.ts';

/** Has a plugin make the arrays of a half, which lie in a file from then on. @throws CupbearerError `plugin`, `cancelled`. */
export function loadPluginData(
  { described, plugin, launch }: PluginData,
  params: { train: boolean },
  context: DatasetContext,
): Promise<Dataset> {
  const of = datasetFactsOf(described, plugin.hash, params);
  const half = params.train ? 'train' : 'test';
  const { seed, signal, warn } = context;
  return loadedOnce(context, ['plugin', of, half, seed], [], async () => {
    const running = await PluginProcess.start(await launch(), { signal, log: warn });
    try {
      const handed = keptDatasetFacts(of)
        ? await askHalf(running, of, half, seed)
        : (await askBothHalves(running, of, seed))[half];
      return datasetOf(handed, [plugin.hash, described.id, half]);
    } finally {
      await running.close();
    }
  });
}

function datasetOf({ inputs, labels, classes, vocabulary }: HandedData, key: readonly string[]): Dataset {
  const [, ...shape] = inputs.shape;
  const file = ByteFile.create();
  file.append(bytesOf(inputs.data));
  const own = Uint16Array.from(labels.data);
  const fingerprint = fingerprintOf(
    'plugin',
    ...key,
    { shape, classes, vocabulary },
    bytesOf(inputs.data),
    new Uint8Array(own.buffer),
  );
  if (inputs.data instanceof Uint8Array) {
    const [height = 1, width = 1, channels = 1] = shape;
    return imageDataset({ shape: [height, width, channels], classes, pixels: file, labels: own }, fingerprint);
  }
  return rowsDataset({ shape, classes, ...given({ vocabulary }), rows: file, labels: own }, fingerprint);
}
