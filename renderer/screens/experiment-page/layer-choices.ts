import type { ExperimentView } from '../../../shared/domain/experiment-view.ts';

/** A way in which layers become one score, as a select offers it; `layer ID` for one alone. */
interface LayerChoice {
  value: string;
  label: string;
  hint?: string;
}

const ownWords: Readonly<Record<string, string>> = {
  mean: 'mean',
  max: 'max',
  'standardised-mean': 'standardised mean',
  layer: 'one, chosen beforehand',
};

/** Returns what there is to choose from: nothing is there twice, and a single layer is called what it is. */
export function layerChoices({ own, single }: ExperimentView['layers']): LayerChoice[] {
  if (single.length < 2) return [];
  const ownWay =
    own === null
      ? { value: 'own', label: 'Layers: own aggregate', hint: 'As each detector combined them' }
      : { value: 'own', label: `Layers: ${ownWords[own] ?? own}` };
  return [
    ownWay,
    ...(['mean', 'max'] as const).filter((how) => how !== own).map((how) => ({ value: how, label: `Layers: ${how}` })),
    ...single.map(({ id, name }) => ({
      value: `layer ${id}`,
      label: `${name} alone`,
      hint: 'Picked after seeing the labels',
    })),
  ];
}
