/** A parameter that takes several values, one after the other. */
export interface Sweep {
  sweep: readonly unknown[];
}

/** Returns `value` if it is a sweep. */
export function asSweep(value: unknown): Sweep | undefined {
  return isSweep(value) ? value : undefined;
}

function isSweep(value: unknown): value is Sweep {
  return (
    typeof value === 'object' &&
    value !== null &&
    'sweep' in value &&
    Array.isArray(value.sweep) &&
    Object.keys(value).length === 1
  );
}
