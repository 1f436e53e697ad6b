/** The bytes of an IDX file of unsigned bytes with this shape and these values. */
export function idxBytes(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 | shape.length);
  shape.forEach((length, i) => view.setUint32(4 + 4 * i, length));
  bytes.set(Uint8Array.from(values), 4 + 4 * shape.length);
  return bytes;
}

/** The bytes of a CIFAR-10 batch: each record is a label, then 1,024 times each of three colour values. */
export function cifarBytes(
  records: readonly { label: number; colour: readonly [number, number, number] }[],
): Uint8Array {
  const bytes = new Uint8Array(records.length * 3073);
  records.forEach(({ label, colour }, i) => {
    bytes[i * 3073] = label;
    colour.forEach((value, c) => bytes.fill(value, i * 3073 + 1 + c * 1024, i * 3073 + 1 + (c + 1) * 1024));
  });
  return bytes;
}
