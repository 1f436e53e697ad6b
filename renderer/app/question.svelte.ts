/** Something that is asked before it is done. */
export interface Question {
  title: string;
  text: string;
  /** The verb on the button that does it. */
  yes: string;
  /** What the other button says; Cancel unless given. */
  no?: string;
  /** Nothing brings back what it would do. */
  isFinal?: true;
}

/** The one question that the window asks at a time. */
class Questions {
  current = $state.raw<Question>();
  #answer: (isYes: boolean) => void = () => undefined;

  /** Resolves with whether the answer is yes; no if another question takes its place. */
  ask(question: Question): Promise<boolean> {
    this.answer(false);
    this.current = question;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(isYes: boolean): void {
    this.current = undefined;
    this.#answer(isYes);
  }
}

export const questions = new Questions();
