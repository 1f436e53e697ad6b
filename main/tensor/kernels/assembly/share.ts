/** First of `count` things that the share `part` of `parts` is about; the share ends where the next begins. */
// @ts-ignore: decorator
@inline
export function share(count: i32, part: i32, parts: i32): i32 {
  return <i32>(<i64>count * <i64>part / <i64>parts);
}

/** First of `count` floats of the share `part`, a whole number of 128-bit groups from the beginning. */
// @ts-ignore: decorator
@inline
export function shareOfFloats(count: i32, part: i32, parts: i32): i32 {
  return min(count, share((count + 3) / 4, part, parts) * 4);
}
