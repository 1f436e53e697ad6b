/** The numeric types that files and processes exchange; names as in safetensors' sense of the word. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A named array with its shape (row-major). The product of `shape` equals `data.length`. */
export interface NamedTensor {
  shape: number[];
  data: TensorData;
}

/** What a model or a fitted detector consists of: arrays by name. */
export type TensorMap = Record<string, NamedTensor>;
