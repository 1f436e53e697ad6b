import type { Described } from '../../../shared/plugin/description.ts';
import { failure, sameValues, trialSeed, type Check, type Params, type Trial } from './trial.ts';

export async function checkDataset(
  { id }: Described<'dataset'>,
  params: Params,
  trial: Trial,
  check: Check,
): Promise<void> {
  for (const half of ['train', 'test'] as const) {
    const load = async () => (await trial.process()).dataset(id, params, half, trialSeed);
    const data = await check(`loads its ${half} samples`, load);
    if (!data) continue;
    await check(`has a label of its classes for every ${half} sample`, () => {
      const [length] = data.inputs.shape;
      if (length === 0) throw failure('There are no samples.');
      if (data.labels.data.length !== length)
        throw failure(`There are ${length} samples and ${data.labels.data.length} labels.`);
      const at = data.labels.data.findIndex((label) => !(label >= 0 && label < data.classes.length));
      if (at !== -1)
        throw failure(`Sample ${at} has the label ${data.labels.data[at]}; there are ${data.classes.length} classes.`);
      const odd = data.inputs.data.findIndex((value) => !Number.isFinite(value));
      if (odd !== -1) throw failure(`Value ${odd} of the samples is ${data.inputs.data[odd]}.`);
    });
    await check(`has the same ${half} samples for the same seed`, async () =>
      sameValues(data.inputs.data, (await load()).inputs.data, `The ${half} samples`),
    );
  }
}
