import { expect, it } from 'vitest';
import { helpOf } from '../../renderer/components/form/form-model.ts';
import type { FormField } from '../../shared/domain/form.ts';

const field = (more: Partial<FormField>): FormField => ({
  key: 'share',
  type: 'number',
  label: 'Share',
  help: 'Share of the samples.',
  required: true,
  ...more,
});

it.each([
  ['a range on both sides', field({ min: 0, max: 1 }), 'Share of the samples (0\u00a0to\u00a01)'],
  ['large bounds', field({ min: 1, max: 100_000 }), 'Share of the samples (1\u00a0to\u00a0100\u202f000)'],
  ['a bound on one side', field({ min: 0 }), 'Share of the samples.'],
  ['a help that says it', field({ min: 0, max: 1, help: 'For values of 0 to 1' }), 'For values of 0 to 1'],
  ['bounds of each of several numbers', field({ type: 'integers', min: 1, max: 9 }), 'Share of the samples.'],
])('the help of a field with %s', (_, given, help) => {
  expect(helpOf(given)).toBe(help);
});
