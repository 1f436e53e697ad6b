import { unpackArrays } from '../../shared/domain/arrays.ts';
import type { SampleSet } from '../../shared/domain/samples.ts';

/** A picture: values 0 to 1, `[height, width, channels]`. */
interface Picture {
  height: number;
  width: number;
  channels: number;
  values: Float32Array;
}

/** What a sample looks like: as it was scored. */
export interface ShownSample {
  picture: Picture | null;
  text: string | null;
  /** The sample before it was changed, if it was. */
  cleanPicture: Picture | null;
  cleanText: string | null;
  label: string;
}

/** Returns the samples of a set as they are drawn, in its order. */
export async function shownSamples(set: Exclude<SampleSet, { kind: 'none' }>): Promise<ShownSample[]> {
  const arrays = set.kind === 'images' ? await unpackArrays(set.arrays) : {};
  const [height = 0, width = 0, channels = 1] = set.kind === 'images' ? set.shape : [];
  const size = height * width * channels;
  const picture = (name: string, i: number): Picture | null => {
    const values = arrays[name];
    if (!(values instanceof Float32Array)) return null;
    return { height, width, channels, values: values.subarray(i * size, (i + 1) * size) };
  };
  return set.labels.map((label, i) => {
    const [clean, changed] = [picture('clean', i), picture('changed', i)];
    const [cleanText, text] = set.kind === 'texts' ? [set.clean[i]!, set.changed?.[i]] : [null, null];
    return {
      picture: changed ?? clean,
      text: text ?? cleanText,
      cleanPicture: changed ? clean : null,
      cleanText: text === undefined || text === null ? null : cleanText,
      label: set.changedLabels?.[i] ?? label,
    };
  });
}
