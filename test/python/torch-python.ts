import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['CUPBEARER_TORCH_VENV'];
const program =
  folder && (process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python'));

/** The Python of the virtual environment that has PyTorch and what the tests of the exporter want; undefined without one. */
export const torchPython = program && existsSync(program) ? program : undefined;
