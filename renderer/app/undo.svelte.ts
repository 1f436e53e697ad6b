import { toasts } from './toasts.svelte.ts';

/** What was done and can be taken back. */
interface Act {
  message: string;
  takeBack: () => unknown;
  toast: number;
}

/** So many acts are remembered, the last ones. */
const most = 50;

/**
 * What was deleted, archived, tagged or locked in this window, in order: the message offers to take it back for a while, and the
 * shortcut takes back the last one however long ago that was.
 */
class Undo {
  #acts: readonly Act[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** Says what was done and offers to take it back. */
  did(message: string, takeBack: () => unknown, hint?: string): void {
    const act: Act = { message, takeBack, toast: 0 };
    act.toast = toasts.undo(message, () => this.#take(act), hint);
    this.#acts = [...this.#acts, act].slice(-most);
  }

  /** Takes back the last act. Returns whether there is one. */
  last(): boolean {
    const act = this.#acts.at(-1);
    if (!act) return false;
    toasts.dismiss(act.toast);
    this.#take(act).then(
      () => toasts.show({ message: `Undone. ${act.message}` }),
      (error: unknown) => toasts.failed(error),
    );
    return true;
  }

  /** Takes back an act after those that are being taken back already. */
  #take(act: Act): Promise<unknown> {
    this.#acts = this.#acts.filter((other) => other !== act);
    const taking = this.#last.then(act.takeBack);
    this.#last = taking.catch(() => undefined);
    return taking;
  }
}

export const undo = new Undo();
