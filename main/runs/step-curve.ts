import { stepSchema, type Step } from '../../shared/domain/live.ts';
import { appendJsonLine, readJsonLines, writeJsonLines } from '../storage/run-folder.ts';

/** The file in which a classifier's run stores the loss of its training steps. */
export const stepsFile = 'steps.jsonl';

/** Lines of a training at most: more points than that no chart has the pixels for, and each is a write. */
const mostLines = 2000;

/** Writes the loss of a training's steps as it goes, means of as many as it takes for {@link mostLines} lines. */
export class StepCurve {
  readonly #folder: string;
  readonly #stepsInEpoch: number;
  #epoch = 0;
  /** Steps that were done when the epoch began. */
  #before = 0;
  #losses: number[] = [];

  constructor(folder: string, stepsInEpoch: number) {
    this.#folder = folder;
    this.#stepsInEpoch = stepsInEpoch;
  }

  /** @throws CupbearerError `storage`. */
  add({ epoch, step, stepsPlanned, loss }: { epoch: number; step: number; stepsPlanned: number; loss: number }): void {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#before = step - 1;
    }
    this.#losses.push(loss);
    if (this.#losses.length < Math.ceil(stepsPlanned / mostLines) && step < stepsPlanned) return;
    const mean = this.#losses.reduce((sum, value) => sum + value, 0) / this.#losses.length;
    this.#losses = [];
    const line: Step = { step, epoch: epoch - 1 + (step - this.#before) / this.#stepsInEpoch, loss: mean };
    appendJsonLine(this.#folder, stepsFile, { ...line });
  }
}

/** Drops what was written of steps after `done`, which will be taken again. @throws CupbearerError `storage`. */
export function keepSteps(folder: string, done: number): void {
  const lines = readJsonLines(folder, stepsFile);
  const kept = lines.filter((line) => (stepSchema.safeParse(line).data?.step ?? Infinity) <= done);
  if (kept.length < lines.length) writeJsonLines(folder, stepsFile, kept);
}
