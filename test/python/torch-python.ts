import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The Python of the virtual environment that has PyTorch and what the tests of the exporter want; undefined without one. */
export const torchPython = pythonOf(process.env['CUPBEARER_TORCH_VENV']);

/** The Python of the one that has PyOD and scikit-learn. */
export const adaptersPython = pythonOf(process.env['CUPBEARER_ADAPTERS_VENV']);

function pythonOf(folder: string | undefined) {
  if (!folder) return undefined;
  const program = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  return existsSync(program) ? program : undefined;
}
