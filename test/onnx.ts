/** Folder of an installed ONNX Runtime for tests, as `engine install onnx` leaves it; CI installs one. */
export const onnxFolder = process.env['ONNX_FOR_TESTS'];

/** Ends the names of tests that need it. */
export const withoutOnnx = onnxFolder === undefined ? ' (skipped: ONNX_FOR_TESTS names no installation)' : '';

// Every process that a test starts uses it, too.
if (onnxFolder !== undefined) process.env['CUPBEARER_ONNX'] = onnxFolder;
