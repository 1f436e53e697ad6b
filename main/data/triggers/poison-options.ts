/** How much of a dataset is poisoned and what the poisoned samples are labelled. */
export interface PoisonOptions {
  /** Share of the samples that get trigger and wrong label, 0 to 1. */
  readonly p_backdoor: number;
  /** Share that gets the trigger's decoy and keeps its label, 0 to 1; together with `p_backdoor` at most 1. */
  readonly p_noise?: number;
  readonly target_class: number;
  /** All-to-all: the class after a sample's own instead of `target_class`. */
  readonly cycle_class: boolean;
  /** Only samples of the target class are poisoned, so that no label is wrong; `p_backdoor` is still of all samples. */
  readonly clean_label?: boolean;
  readonly seed: number;
}
