import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inWindow } from '../../main/api/window-errors.ts';
import { formDefinitions } from '../../main/api/drafts/form-definitions.ts';
import { unsuitedDetectors } from '../../main/runs/drafts/detector-misfits.ts';
import { draftFaults } from '../../main/runs/drafts/draft-faults.ts';
import { parameterLabel } from '../../main/runs/parameter-label.ts';
import { trainClassifierParams } from '../../main/runs/classifier-spec.ts';
import { trainDetectorParams } from '../../main/runs/detector-params.ts';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import { describe as fieldsOf, type Field } from '../../shared/schema/describe.ts';
import { walk } from '../../shared/schema/walk.ts';
import { command, inFlags, inLabels, parameter, worded } from '../../shared/wording.ts';
import { draftsWithEveryField, withValue } from '../e2e/wrong-values.ts';

/** Keys, dotted paths and flags, but for the names of layers, which are what people choose, and of files. */
function internalNames(text: string): string[] {
  const plain = text
    .replaceAll(/\b(?:[a-z]+\.)*[a-z]+_\d+(?:\.(?:in|out)put)?\b/g, '')
    .replaceAll(/\b[\w-]+\.(?:output|input|weight|bias|json|npy|safetensors)\b/g, '');
  return plain.match(/--[a-z]\w*|\b[a-z]\w*_\w+|\b[a-z]\w*(?:\.[a-z]\w*)+\b/gi) ?? [];
}

/** Every parameter of a draft by its place. */
function placesOf({ classifier, task, detectors, evaluation }: ExperimentDraft): { place: string; field: Field }[] {
  const at = (fields: readonly Field[], values: object, path: string[]) =>
    [...walk(fields, values as Record<string, unknown>, path)].map((found) => ({
      place: found.path.join('/'),
      field: found.field,
    }));
  const detecting = fieldsOf(trainDetectorParams);
  const rest = detecting.filter(({ key }) => key !== 'task' && key !== 'detector');
  const byKey = (key: string) => detecting.filter((field) => field.key === key);
  return [
    ...(classifier.source === 'train'
      ? at(fieldsOf(trainClassifierParams), classifier.params, ['classifier', 'params'])
      : []),
    ...at(byKey('task'), { task }, []),
    ...detectors.flatMap((detector, i) =>
      at(byKey('detector'), { detector }, []).map(({ place, field }) => ({
        place: place.replace(/^detector/, `detectors/${i}`),
        field,
      })),
    ),
    ...at(rest, evaluation, ['evaluation']),
  ].filter(({ place }) => place !== 'task/run_path');
}

/** What nobody should give a parameter: below and above its range, of other types, nothing. */
function badValues({ min, max }: Field): unknown[] {
  return [
    ...(min === undefined ? [] : [min - 1]),
    ...(max === undefined ? [] : [max + 1]),
    0.5,
    'nonsense',
    null,
    { name: 'nonsense' },
  ];
}

describe('what the wizard says of a wrong value', () => {
  const drafts = draftsWithEveryField().map(({ draft }) => draft);

  it.each(drafts.map((draft, i) => [i, draft] as const))(
    'has no key, path or flag in it, whatever the value and the parameter: draft %i',
    (_, draft) => {
      const places = placesOf(draft);
      expect(places.length).toBeGreaterThan(10);
      const said = new Map<string, string>();
      const look = (changed: ExperimentDraft, place: string) => {
        for (const { message } of draftFaults({ draft: changed, classifierFolder: null }, '/no/data'))
          if (internalNames(message).length > 0) said.set(message, place);
      };
      look(draft, 'as it is');
      for (const { place, field } of places)
        for (const value of badValues(field))
          look(withValue(draft, place, value), `${place} = ${JSON.stringify(value)}`);
      expect([...said]).toEqual([]);
    },
    120_000,
  );

  it('has none in the reasons why a detector cannot be chosen', () => {
    for (const draft of drafts)
      for (const { message } of Object.values(unsuitedDetectors([{ draft, classifierFolder: null }], '/no/data')))
        expect(internalNames(message), message).toEqual([]);
  });
});

it('labels and helps of all fields have no key, path or flag in them', () => {
  for (const { definitions } of formDefinitions()) {
    for (const { id, title, summary, fields } of definitions) {
      for (const text of [title, summary, ...fields.flatMap(({ label, help, empty = '' }) => [label, help, empty])])
        expect(internalNames(text), `${id}: ${text}`).toEqual([]);
    }
  }
});

/** Rooms whose hints a terminal alone shows. */
const terminalRooms = /^(?:hosts|engine-install)\//;
/** How a TensorFlow is installed and a file renamed, which takes a terminal wherever it is read. */
const terminalRemedy = /npx cupbearer engine (?:install|use) |convmv/;

it('no hint of what the window shows is a sentence with a flag or a command of ours in it', () => {
  const main = fileURLToPath(new URL('../../main/', import.meta.url));
  const files = readdirSync(main, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const plain = files
    .filter((path) => !terminalRooms.test(path))
    .flatMap((path) => readFileSync(join(main, path), 'utf8').match(/\bhint(?:: Sentence)? ?[:=]\s*['"`][^\n]*/g) ?? [])
    .filter((hint) => / --[a-z]|cupbearer [a-z]/.test(hint) && !terminalRemedy.test(hint));
  expect(plain).toEqual([]);
});

it('a hint that a terminal gives by a command has words of the window, or none there', () => {
  const hint = worded`State it ${command('by: npx cupbearer models trained-on', 'on the screen Models.')}`;
  const record = toErrorRecord(new CupbearerError('bad-data', 'It is not known.', { hint }));
  expect(record.hint).toBe('State it by: npx cupbearer models trained-on');
  expect(inWindow(record).hint).toBe('State it on the screen Models.');
  const only = toErrorRecord(new CupbearerError('usage', 'No.', { hint: worded`Add ${command('--dir.full')}.` }));
  expect(inWindow(only)).not.toHaveProperty('hint');
});

describe('a hint that names a parameter', () => {
  const hint = worded`Raise ${parameter('task.trusted_fraction')}, or lower ${parameter('detector.step_size')}.`;

  it('says the flag in a terminal and the label in the window', () => {
    expect(inFlags(hint)).toBe('Raise --task.trusted_fraction, or lower --detector.step_size.');
    expect(inLabels(hint, parameterLabel)).toBe('Raise “Trusted fraction”, or lower “Step size”.');
  });

  it('reaches the window with its error, and a file as a terminal shows it', () => {
    const record = toErrorRecord(new CupbearerError('usage', 'It does not fit.', { hint }));
    expect(record.hint).toBe('Raise --task.trusted_fraction, or lower --detector.step_size.');
    expect(inWindow(record).hint).toBe('Raise “Trusted fraction”, or lower “Step size”.');
    expect(inWindow(record)).not.toHaveProperty('remedy');
  });
});
