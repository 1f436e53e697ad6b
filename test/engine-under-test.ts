/** The engine that tests of models, detectors and reference numbers run on: CUPBEARER_TEST_ENGINE, wasm unless set. */
export const engineUnderTest = process.env['CUPBEARER_TEST_ENGINE'] ?? 'wasm';

/**
 * How far float32 results of the engine may be from float64 ones, relative, where the reference set's own tolerance is that
 * of a CPU: WebGPU lets exp and division be wrong in the last three bits.
 */
export const engineTolerance = engineUnderTest === 'webgpu' ? 1e-5 : 1e-6;
