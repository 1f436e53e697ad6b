/** The exporter of cupbearer_bridge beside the bare forward passes of the same model, in turns. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { torchPython } from '../python/torch-python.ts';

const texts = 10_000;

export const exportName = `import: export of ${texts} texts through a BERT`;

/** The shortest time that was measured, seconds of the clock and of the processor. */
type Time = [wall: number, processor: number];

/** Measures both `turns` times; undefined without PyTorch and the model, see `.ci/run`. */
export function measureExport(turns: number): { bare: Time; exported: Time } | undefined {
  const script = fileURLToPath(new URL('pytorch-export.py', import.meta.url));
  const python = torchPython ?? process.env['PYTHON'] ?? 'python3';
  const { status, stdout } = spawnSync(python, [script, String(texts), String(turns)], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as ReturnType<typeof measureExport>) : undefined;
}
