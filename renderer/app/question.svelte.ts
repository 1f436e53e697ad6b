/** Something that cannot be undone, and what to answer. */
export interface Question {
  title: string;
  text: string;
  /** The verb of what is asked about. */
  yes: string;
}

/** Asks before what cannot be undone; the frame shows one question at a time. */
class Questions {
  current = $state.raw<Question>();
  #answer: (yes: boolean) => void = () => undefined;

  /** Resolves with whether it is meant. A question that nobody has answered yet counts as answered with no. */
  ask(question: Question): Promise<boolean> {
    this.answer(false);
    this.current = question;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(yes: boolean): void {
    this.current = undefined;
    this.#answer(yes);
  }
}

export const questions = new Questions();
