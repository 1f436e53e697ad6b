import { slug } from '../../../shared/slug.ts';
import { dataWord } from '../../data/datasets/dataset-title.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import { describeRun } from '../../runs/index.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';

/** Returns a name for the folder of a new run, its local date and what it is about: "2026-11-23-corner-mnist". */
export function folderName(spec: ParsedSpec, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return slug(`${day} ${aboutOf(spec)}`, 80);
}

function aboutOf(spec: ParsedSpec): string {
  if (spec.kind !== 'classifier') return describeRun(spec);
  const { original, trigger } = trainingData(spec.params.train_data);
  return trigger ? `${trigger.name} ${dataWord(original)}` : `${dataWord(original)} ${spec.params.model.name}`;
}
