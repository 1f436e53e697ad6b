import type { z } from 'zod';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { datasetRegistry } from '../../main/data/datasets/index.ts';
import { triggerRegistry } from '../../main/data/triggers/index.ts';
import { fieldAt } from '../../main/runs/drafts/fault-message.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { trainDetector } from '../../main/runs/train-detector.ts';
import { architectureRegistry } from '../../main/models/architectures/index.ts';
import { optimizerRegistry } from '../../main/models/optimizers/index.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { formatCount } from '../../shared/format.ts';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { tinyDraft } from './drafts.ts';

/** The parameter that a place in a draft ("task/backdoor/std") is for; undefined where it is none. */
export function fieldOf(draft: ExperimentDraft, place: string): Field | undefined {
  const [part, ...rest] = place.split('/');
  const { classifier, task, detectors, evaluation } = draft;
  if (part === 'classifier' && classifier.source === 'train')
    return fieldAt(trainClassifier.params, classifier.params, rest.slice(1));
  if (part === 'task') return fieldAt(trainDetector.params, { task }, ['task', ...rest]);
  if (part === 'detectors')
    return fieldAt(trainDetector.params, { detector: detectors[Number(rest[0])] }, ['detector', ...rest.slice(1)]);
  return fieldAt(trainDetector.params, evaluation, rest);
}

/** Something to type that is wrong, and what the message beside the field has to say of it. */
interface WrongText {
  text: string;
  says: RegExp;
}

const written = (bound: number) => (Number.isInteger(bound) ? formatCount(bound) : String(bound));
const bounds = ({ min, max, control }: Field) =>
  [min, max]
    .filter((bound) => bound !== undefined)
    .map((bound) => (control === 'share' ? bound * 100 : bound))
    .map(written)
    .join(' to ');

/** All that can be typed wrongly into the field of a parameter; none where it is not typed into. */
export function wrongTexts(field: Field): WrongText[] {
  const { type, min, max, control, isPath, required, default: usual } = field;
  if (isPath) {
    const missing = {
      text: 'no such folder/anywhere',
      says: /There is no file (or folder )?"no such folder\/anywhere"/,
    };
    return required ? [missing, { text: '', says: /Must be filled in/ }] : [missing];
  }
  if (type === 'text') return required || usual !== undefined ? [{ text: '', says: /Must be filled in/ }] : [];
  if (type !== 'integer' && type !== 'number' && type !== 'integers') return [];
  const says = new RegExp(`^Must be .*${bounds(field)}`);
  const scale = control === 'share' ? 100 : 1;
  const wrong: WrongText[] = [{ text: 'nonsense', says }];
  if (min !== undefined) wrong.push({ text: String(min * scale - 1), says });
  if (max !== undefined) wrong.push({ text: String(max * scale + 1), says });
  if (type !== 'number') wrong.push({ text: String((min ?? 0) + 0.5), says: /whole number/ });
  if (type !== 'integers' && usual !== undefined) wrong.push({ text: '', says: /Must be filled in/ });
  return wrong;
}

/** A value that only a file can bring into a field that is not typed into, and what is said of it; none where all can be typed. */
export function wrongValue({ type, control }: Field): { value: unknown; says: RegExp } | undefined {
  if (control === 'layers')
    return { value: ['no such layer'], says: /Unknown layer "no such layer"|looks at the network's output/ };
  if (control === 'layer') return { value: 'no such layer', says: /Unknown layer "no such layer"/ };
  if (type === 'choice') return { value: 'no such choice', says: /^Must be one of .*; got "no such choice"/ };
  return type === 'flag' ? { value: 'perhaps', says: /^Must be on or off/ } : undefined;
}

/** A copy of a draft with another value in one place. */
export function withValue(draft: ExperimentDraft, place: string, value: unknown): ExperimentDraft {
  const copy = structuredClone(draft);
  const keys = place.split('/');
  let holder: Record<string, unknown> = copy;
  for (const key of keys.slice(0, -1)) holder = (holder[key] ??= {}) as Record<string, unknown>;
  holder[keys.at(-1)] = value;
  return copy;
}

/** What the field of a parameter takes: its default where it has one. `folder` is one that is there. */
export function rightText({ default: usual, min, control, isPath, required }: Field, folder: string): string {
  if (isPath) return required ? folder : '';
  if (Array.isArray(usual)) return usual.join(', ');
  if (typeof usual === 'number') return String(control === 'share' ? Number((usual * 100).toPrecision(12)) : usual);
  return typeof usual === 'string' ? usual : String(min ?? 'words');
}

/** Values with which every parameter has an effect, so that its field is shown. */
function allInForce(params: z.ZodObject): Record<string, unknown> {
  const fields = describe(params);
  const values = Object.assign({}, ...fields.map(({ when }) => when ?? {})) as Record<string, unknown>;
  const layers = fields.filter(({ control, when }) => control === 'layer' && when).map(({ key }) => key);
  return { ...values, ...Object.fromEntries(layers.map((key) => [key, 'layers.linear_0.output'])) };
}

/** The steps whose fields are parameters. */
const formSteps = ['Task', 'Model', 'Detectors', 'Evaluation'] as const;
export type FormStep = (typeof formSteps)[number];

/** Drafts whose forms have between them every parameter that an experiment can be given, and the steps that are new in each. */
export function draftsWithEveryField(): { draft: ExperimentDraft; steps: readonly FormStep[] }[] {
  const base = tinyDraft();
  const params = base.classifier.source === 'train' ? base.classifier.params : {};
  const poisoned = triggerRegistry.ids.map((name): [string, object] => [
    `with ${name}`,
    { name: 'backdoor', original: { name: 'glyphs' }, backdoor: { name } },
  ]);
  const datasets = datasetRegistry.ids
    .filter((name) => name !== 'backdoor')
    .map((name): [string, object] => [name, { name }]);
  const withParams = (changes: Record<string, unknown>): ExperimentDraft => ({
    ...base,
    classifier: { source: 'train', params: { ...params, ...changes } },
  });
  const whole: ExperimentDraft = {
    ...withParams({ val_data: Object.fromEntries([...datasets, ...poisoned]) }),
    detectors: detectorRegistry.definitions.map(({ id, params }) => ({ name: id, ...allInForce(params) })),
  };
  return [
    { draft: whole, steps: formSteps },
    ...architectureRegistry.ids.map((name) => ({ draft: withParams({ model: { name } }), steps: ['Model'] as const })),
    ...optimizerRegistry.ids.map((name) => ({ draft: withParams({ optim: { name } }), steps: ['Model'] as const })),
    ...taskRegistry.ids.map((name) => ({ draft: { ...base, task: { name } }, steps: ['Task', 'Evaluation'] as const })),
  ];
}
