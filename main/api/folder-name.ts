import type { Picked } from '../../shared/schema/fields.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import type { RunDefinition } from '../runs/run-definition.ts';

/** A name for the folder of a new run: "2026-11-23-corner-mnist", the day in local time and what the run is about. */
export function folderName(experiment: RunDefinition, spec: Record<string, unknown>, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const words = `${day} ${aboutOf(experiment, spec)}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(0, 80).replace(/-+$/, '');
}

function aboutOf(experiment: RunDefinition, spec: Record<string, unknown>): string {
  if (experiment.kind !== 'classifier') return experiment.describe(spec).replace('the trigger it was trained with', '');
  const { original, trigger } = trainingData(spec['train_data'] as Picked);
  return trigger ? `${trigger.name} ${original.name}` : `${original.name} ${(spec['model'] as Picked).name}`;
}
