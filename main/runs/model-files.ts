/** The names of a model's files. The last two say what it was trained on and may be missing. */
export const modelFileNames = ['model.json', 'model.safetensors', 'spec.json', 'trigger.safetensors'] as const;

/** Returns whether a file of this name belongs to a model. */
export function isModelFile(name: string): boolean {
  return modelFileNames.some((known) => known === name);
}
