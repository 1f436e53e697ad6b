import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { Field } from '../../shared/schema/describe.ts';
import { expectHeld, expectMessages, fieldsOn, formsOf, goToStep, openSpec, stepLink, typeAll } from './form-page.ts';
import { expect, go, test, type Page } from './test.ts';
import { draftsWithEveryField, fieldOf, rightText, withValue, wrongTexts, wrongValue } from './wrong-values.ts';

// A trace keeps the page at every action, and these pages are long.
test.use({ trace: 'off' });

test.beforeEach(async ({ page }) => {
  test.setTimeout(480_000);
  await go(page, '#/new/task');
  await expect(stepLink(page, 'Task')).toBeVisible({ timeout: 60_000 });
});

/** What tells one parameter from another wherever it stands. */
const identity = ({ key, label, help, type, min, max }: Field) => JSON.stringify([key, label, help, type, min, max]);

/** The kind of field that names layers of the network; the others are "no". */
const fitsNetwork = ({ control }: Field) => (control === 'layers' || control === 'layer' ? control : 'no');

/**
 * Fills the fields of the page that are typed into with all that is wrong, one wrong value after the other in all of them
 * at once, then mends them. Gives the parameters that were tried; those `seen` before are passed over.
 */
async function tryTyped(
  page: Page,
  title: string,
  draft: ExperimentDraft,
  seen: Set<string>,
  folder: string,
): Promise<Field[]> {
  const typed = (await fieldsOn(page))
    .filter(({ isTyped }) => isTyped)
    // Seeds and name are the draft's own, not parameters (wizard.test.ts).
    .flatMap(({ place }) => {
      const field = fieldOf(draft, place);
      return field ? [{ place, field }] : [];
    })
    .filter(({ field }) => wrongTexts(field).length > 0 && !seen.has(identity(field)));
  for (const { field } of typed) seen.add(identity(field));
  const rounds = Math.max(0, ...typed.map(({ field }) => wrongTexts(field).length));
  for (let round = 0; round < rounds; round++) {
    const wrong = typed.flatMap(({ place, field }) => {
      const value = wrongTexts(field)[round];
      return value ? [{ place, ...value }] : [];
    });
    await typeAll(page, wrong);
    await expectMessages(page, new Map(wrong.map(({ place, says }) => [place, says])));
    await expectHeld(page, title);
  }
  const right = typed.map(({ place, field }) => ({ place, text: rightText(field, folder) }));
  await typeAll(page, right);
  await expectMessages(page, new Map(typed.map(({ place }) => [place, ''])));
  return typed.map(({ field }) => field);
}

test('every field that is typed into says what is wrong with it', async ({ page, program }) => {
  const seen = new Set<string>();
  const tried: Field[] = [];
  for (const { draft, steps } of draftsWithEveryField()) {
    await openSpec(page, draft);
    for (const title of steps) {
      await goToStep(page, title);
      for await (const _ of formsOf(page, title))
        tried.push(...(await tryTyped(page, title, draft, seen, program.home)));
    }
  }
  const kinds = new Set(tried.map(({ type, control, isPath }) => (isPath ? 'path' : (control ?? type))));
  expect([...kinds].sort()).toEqual(['integer', 'integers', 'number', 'path', 'share', 'text']);
  expect(tried.length).toBeGreaterThan(100);
});

test('what only a file can bring into a field is told of beside it', async ({ page }) => {
  const seen = new Set<string>();
  const tried: Field[] = [];
  for (const { draft, steps } of draftsWithEveryField()) {
    await openSpec(page, draft);
    for (const title of steps) {
      await goToStep(page, title);
      for await (const _ of formsOf(page, title)) {
        const fields = (await fieldsOn(page)).flatMap(({ place, isTyped }) => {
          const field = isTyped ? undefined : fieldOf(draft, place);
          const value = field && wrongValue(field);
          return value && !seen.has(identity(field)) ? [{ place, field, ...value }] : [];
        });
        for (const { field } of fields) seen.add(identity(field));
        tried.push(...fields.map(({ field }) => field));
        // What has to fit the network is looked at once all values are right by themselves.
        for (const wrong of Object.values(Object.groupBy(fields, ({ field }) => fitsNetwork(field)))) {
          await openSpec(
            page,
            wrong.reduce((changed, { place, value }) => withValue(changed, place, value), draft),
          );
          await expectMessages(page, new Map(wrong.map(({ place, says }) => [place, says])));
          await openSpec(page, draft);
          await expectMessages(page, new Map(wrong.map(({ place }) => [place, ''])));
        }
      }
    }
  }
  const kinds = new Set(tried.map(({ type, control }) => control ?? type));
  expect([...kinds].sort()).toEqual(['choice', 'corner', 'flag', 'layer']);
});
