import { seedsOf, type ExperimentSpec } from '../../shared/domain/experiment.ts';
import { formatCount } from '../../shared/format.ts';

/** Seeds that are named one by one. */
const mostNamed = 10;

/** The settings that all cells of an experiment share, in words for a caption: "Seeds 0, 1, 2. Training: num_epochs 6." */
export function settingsWords(spec: ExperimentSpec): string {
  const seeds = seedsOf(spec);
  const named = seeds.length > mostNamed ? `${formatCount(seeds.length)} seeds` : `Seeds ${seeds.join(', ')}`;
  const parts = [
    seeds.length === 1 ? `Seed ${seeds[0]}` : named,
    ...(Object.keys(spec.training).length > 0 ? [`Training: ${valuesWords(spec.training)}`] : []),
    ...(Object.keys(spec.evaluation).length > 0 ? [`Evaluation: ${valuesWords(spec.evaluation)}`] : []),
    ...Object.entries(spec.sweep).map(([path, axis]) => `Sweep of ${path}: ${valueWords(axis)}`),
    ...(spec.engine === 'auto' ? [] : [`Engine ${spec.engine}`]),
  ];
  return `${parts.join('. ')}.`;
}

function valuesWords(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${valueWords(value)}`)
    .join(', ');
}

/** "mlp (hidden_dims 64-64)" */
function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueWords).join('-');
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, ...rest } = value as Record<string, unknown>;
  const inner = valuesWords(rest);
  if (typeof name !== 'string') return `(${inner})`;
  return inner === '' ? name : `${name} (${inner})`;
}
