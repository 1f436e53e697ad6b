import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { expect, go, type Page } from './test.ts';

/** A field of the wizard as it stands on the page. */
interface ShownField {
  /** Its place in the draft: "task/backdoor/std". */
  place: string;
  /** Whether one types into it. */
  isTyped: boolean;
  isMarked: boolean;
  /** What is wrong with it, below it; "" where nothing is. */
  error: string;
}

/** Run in the page: all fields at once, since there are hundreds. */
const shownFields = `[...document.querySelectorAll('main [data-path]:not(:has([data-path]))')].map((field) => {
  const control = field.querySelector('input[type="text"], textarea, button[aria-haspopup]');
  const note = field.querySelector('.field-error');
  const isTied = !control || (control.getAttribute('aria-describedby') ?? '').split(' ').includes(note?.id);
  return {
    place: field.dataset.path,
    isTyped: field.querySelector('input[type="text"]:not([role="combobox"]), textarea') !== null,
    isMarked: field.querySelector('[aria-invalid="true"]') !== null,
    error: note && isTied && note.checkVisibility() ? note.textContent.trim() : '',
  };
})`;

/** The fields that are on the page, with their messages. */
export const fieldsOn = (page: Page) => page.evaluate<ShownField[]>(shownFields);

/** Opens every "More" of a form. */
async function openAll(page: Page): Promise<void> {
  const closed = page.getByRole('button', { name: /^More \d/, expanded: false });
  while ((await closed.count()) > 0) await closed.first().click();
}

/** Shows the forms of a step one after the other: a gallery unfolds one card at a time. */
export async function* formsOf(page: Page, title: string): AsyncGenerator<void, void, void> {
  const folds = page.getByRole('button', { name: /^Parameters of / });
  const count = title === 'Detectors' ? await folds.count() : 0;
  for (let card = 0; card < Math.max(1, count); card++) {
    if (count > 0 && (await folds.nth(card).getAttribute('aria-expanded')) === 'false') await folds.nth(card).click();
    await openAll(page);
    yield;
  }
}

/** Types into many fields in one go: their places, and the text for each. */
export async function typeAll(page: Page, texts: readonly { place: string; text: string }[]): Promise<void> {
  await page.evaluate(`for (const { place, text } of ${JSON.stringify(texts)}) {
    const input = document.querySelector('[data-path="' + place + '"]:not(:has([data-path])) input[type="text"]');
    input.focus();
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }`);
}

/** Waits until each of these fields says what it has to; "" where it has to say nothing. */
export async function expectMessages(page: Page, wanted: ReadonlyMap<string, RegExp | ''>): Promise<void> {
  await expect
    .poll(async () => {
      const errors = new Map((await fieldsOn(page)).map(({ place, error }) => [place, error]));
      return [...wanted]
        .map(([place, says]) => ({ place, error: errors.get(place) ?? '(not on the page)', says }))
        .filter(({ error, says }) => (says === '' ? error !== '' : !says.test(error)))
        .map(({ place, error, says }) => `${place}: "${error}" instead of ${says === '' ? 'nothing' : String(says)}`);
    })
    .toEqual([]);
}

let opened = 0;

/** Takes up a draft as somebody does who has it in a file. */
export async function openSpec(page: Page, content: ExperimentDraft | object): Promise<void> {
  const name = `draft-${++opened}.json`;
  const file = { name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(content)) };
  await page.getByLabel('A spec.json or a draft').setInputFiles(file);
  await expect(page.getByText(`${name} was taken up.`)).toBeVisible();
}

const steps = (page: Page) => page.getByRole('navigation', { name: 'Steps' });

/** The link of a step in the wizard's head. */
export const stepLink = (page: Page, title: string) => steps(page).getByRole('link', { name: title });

/** Goes to a step and waits until it is shown; by its address, since the links on the page do not leave a step with an error. */
export async function goToStep(page: Page, title: string): Promise<void> {
  await go(page, `#/new/${title.toLowerCase()}`);
  await expect(stepLink(page, title)).toHaveAttribute('aria-current', 'step');
}

/** That a step which has something wrong with it is not left, and leads to what is wrong. */
export async function expectHeld(page: Page, title: string): Promise<void> {
  await expect(stepLink(page, title)).toContainText('to correct');
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('main [data-path] :focus')).toHaveCount(1);
  await expect(stepLink(page, title)).toHaveAttribute('aria-current', 'step');
}
