/** The built-in digits as they are drawn. */
export const glyphs = { name: 'glyphs', default_augmentations: false };

/** Parameters of a training on data of which some samples carry a trigger. */
export function poisoned(backdoor: Record<string, unknown>, original: unknown = glyphs): Record<string, unknown> {
  return { train_data: { name: 'backdoor', original, backdoor } };
}
