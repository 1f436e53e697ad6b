/** How many runs can be compared at a time. */
export const mostCompared = 50;

/**
 * Which score of a sample is compared: `all` is the aggregate that each run was asked for, `mean` and `max` combine all
 * layers of every run alike, `nested` takes for each seed the layer that does best on the other seeds, and `layer:NAME`
 * takes one layer.
 */
const wholeScores = ['all', 'mean', 'max', 'nested'] as const;
type WholeScore = (typeof wholeScores)[number];
export type ScoreChoice = WholeScore | `layer:${string}`;

const layerPrefix = 'layer:';

/** The choice of one layer. */
export const layerChoice = (layer: string): ScoreChoice => `${layerPrefix}${layer}`;

/** The layer of a choice; null where it is no single one. */
export function layerOf(choice: ScoreChoice): string | null {
  return choice.startsWith(layerPrefix) ? choice.slice(layerPrefix.length) : null;
}

/** Returns whether a text is a choice of scores. */
export function isScoreChoice(text: string): text is ScoreChoice {
  return (wholeScores as readonly string[]).includes(text) || text.startsWith(layerPrefix);
}
