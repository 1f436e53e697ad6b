/** The engine that tests of models, detectors and reference numbers run on: CUPBEARER_TEST_ENGINE, wasm unless set. */
export const engineUnderTest = process.env['CUPBEARER_TEST_ENGINE'] ?? 'wasm';
