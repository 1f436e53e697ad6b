import { createInterface } from 'node:readline/promises';
import { CupbearerError } from '../../../shared/errors.ts';

/**
 * Asks at the terminal whether something that cannot be undone is meant; nothing is asked with `--yes`. `no` says what became of it otherwise.
 * @throws CupbearerError `usage` where nobody can answer, `cancelled` where the answer is no.
 */
export async function confirm(
  question: string,
  { yes, no = 'Nothing was deleted.' }: { yes: boolean; no?: string },
): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new CupbearerError('usage', `${question} There is no terminal to ask at.`, {
      hint: 'Add --yes if you mean it.',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CupbearerError('cancelled', no);
  } finally {
    terminal.close();
  }
}
