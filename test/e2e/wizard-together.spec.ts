import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { tinyDraft } from './drafts.ts';
import { expectHeld, goToStep, openSpec, stepLink } from './form-page.ts';
import { expect, go, test, type Page } from './test.ts';
import { withValue, type FormStep } from './wrong-values.ts';

test.beforeEach(async ({ page }) => {
  await go(page, '#/new/task');
  await expect(stepLink(page, 'Task')).toBeVisible({ timeout: 60_000 });
});

/** Something that does not go together, on a page of its own: where it is told of, in what words, and what mends it. */
const together: readonly {
  what: string;
  change: (draft: ExperimentDraft) => ExperimentDraft;
  step: FormStep;
  place: string;
  says: RegExp;
  mend: (page: Page, field: ReturnType<Page['locator']>) => Promise<unknown>;
}[] = [
  {
    what: 'no detector',
    change: (draft) => ({ ...draft, detectors: [] }),
    step: 'Detectors',
    place: 'detectors',
    says: /Choose at least one detector/,
    mend: (page) => page.getByRole('checkbox', { name: /^mahalanobis,/ }).check(),
  },
  {
    what: 'a layer that the network has not',
    change: (draft) => ({ ...draft, detectors: [{ name: 'mahalanobis', layers: ['layers.linear_9.output'] }] }),
    step: 'Detectors',
    place: 'detectors/0/layers',
    says: /Unknown layer "layers.linear_9.output"/,
    mend: (_page, field) => field.getByRole('button', { name: 'Take the default layers' }).click(),
  },
  {
    what: 'a detector that needs data which the task does not give',
    change: (draft) => ({ ...draft, task: { name: 'backdoor', trusted_fraction: 1 }, detectors: [{ name: 'que' }] }),
    step: 'Detectors',
    place: 'detectors/0',
    says: /The task has no untrusted data/,
    mend: (_page, field) => field.getByRole('button', { name: /^Set “Trusted fraction” to 80/ }).click(),
  },
  {
    what: 'a network that does not fit the data',
    change: (draft) => withValue(draft, 'classifier/params/model', { name: 'transformer' }),
    step: 'Model',
    place: 'classifier/params/model',
    says: /./,
    mend: (page, field) => choose(page, field.getByLabel('Model', { exact: true }), 'Multi-layer perceptron'),
  },
  {
    what: 'no classifier where one of the catalogue is to be taken',
    change: (draft) => ({ ...draft, classifier: { source: 'run', run: '' } }),
    step: 'Model',
    place: 'classifier/run',
    says: /Choose a trained classifier/,
    mend: (page) => page.getByRole('radio', { name: 'Train a new one' }).click(),
  },
  {
    what: 'a class that the data do not have',
    change: (draft) => withValue(draft, 'classifier/params/train_data/backdoor/target_class', 10),
    step: 'Task',
    place: 'classifier/params/train_data/backdoor/target_class',
    says: /Must be 0 to 9: Glyphs has 10 classes/,
    mend: (_page, field) => field.getByRole('textbox').fill('9'),
  },
  {
    what: 'a task for other data',
    change: (draft) => ({ ...draft, task: { name: 'quirky-arithmetic' } }),
    step: 'Task',
    place: 'task',
    says: /Expected a classifier trained on/,
    mend: (page, field) => choose(page, field.getByLabel('Task', { exact: true }), 'Backdoor detection'),
  },
  {
    what: 'data that are not on this machine',
    change: (draft) => withValue(draft, 'classifier/params/train_data/original', { name: 'mnist' }),
    step: 'Task',
    place: 'classifier/params/train_data/original',
    says: /MNIST is not on this machine: .*to download/,
    mend: (page, field) => choose(page, field.getByLabel('Original', { exact: true }), 'Glyphs'),
  },
  {
    what: 'a test without clean samples',
    change: (draft) => ({ ...draft, task: { name: 'backdoor', clean_test_weight: 0 } }),
    step: 'Evaluation',
    place: 'task/clean_test_weight',
    says: /leaves none that are clean/,
    mend: (_page, field) => field.getByRole('textbox').fill('50'),
  },
];

async function choose(page: Page, select: ReturnType<Page['locator']>, option: string): Promise<void> {
  await select.click();
  await page.getByRole('option', { name: option }).first().click();
}

test('what does not go together is told of beside the field that mends it', async ({ page }) => {
  for (const { what, change, step, place, says, mend } of together) {
    await test.step(what, async () => {
      await openSpec(page, change(tinyDraft()));
      await goToStep(page, step);
      const field = page.locator(`[data-path="${place}"]`);
      const error = field.locator('.field-error').first();
      await expect(error).toContainText(says);
      await expectHeld(page, step);
      await mend(page, field);
      await expect(error).toHaveCount(0);
      await expect(stepLink(page, step)).not.toContainText('to correct');
    });
  }
});
