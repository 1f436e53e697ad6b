/** Adds `pattern` to an image of the same size in place; what leaves 0 to 1 is cut off there. */
export function addPattern(image: Float32Array, pattern: Float32Array): void {
  for (let k = 0; k < image.length; k++) image[k] = Math.min(1, Math.max(0, image[k]! + pattern[k]!));
}
