import { z } from 'zod';
import { installTensorflow, knownVersion, type InstallRequest } from '../../../engine-install/install-tensorflow.ts';
import { installOnnx, onnxVersion, removeOnnx } from '../../../engine-install/install-onnx.ts';
import { listInstallations, removeInstallation, useInstallation } from '../../../engine-install/installations.ts';
import { installedRuntimes } from '../../../models/onnx/runtime.ts';
import { examineEngines } from '../../../jobs/engines.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { engineStatusText } from '../../../../shared/engine-text.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { formatBytes } from '../../../../shared/format.ts';
import { flag, optionalPath, optionalText, parseParams } from '../../../../shared/schema/fields.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';
import { textTable } from '../table.ts';
import { given } from '../../../../shared/given.ts';

const flags = z.object({
  from_wheel: optionalText({
    label: 'Wheel',
    help: `Version of TensorFlow whose Python wheel is fetched (${knownVersion} unless given), or the file of a wheel`,
  }),
  libtensorflow: optionalPath({
    label: 'Library',
    help: 'Folder of a TensorFlow of your own: of the C library or of the Python package; it is used where it lies',
  }),
  cpu: flag({ label: 'CPU', help: 'Install for the CPU alone', default: false }),
  from_packages: optionalPath({
    label: 'Packages',
    help: `For onnx: folder with the archives of onnxruntime-node and onnxruntime-common ${onnxVersion}, as npm pack writes them; fetched unless given`,
  }),
  gpu: flag({ label: 'GPU', help: 'Install for NVIDIA GPUs, with CUDA and cuDNN (some gigabytes)', default: false }),
});

const actions = ['list', 'status', 'install', 'use', 'remove'];

export const engine: Command = {
  name: 'engine',
  summary: 'Compute engines: which work here; install TensorFlow, with or without a GPU, or ONNX Runtime',
  synopsis: '[list | status | install tensorflow | install onnx | use ID | remove ID]',
  flags,
  maxWords: 2,
  notes: [
    'Of "tensorflow" several can be installed, in the program\'s own folder; one is in use. "use bundled" goes back to the',
    'TensorFlow that the npm package fetches itself, where it did. "onnx" is ONNX Runtime, which runs models imported as',
    'ONNX graphs; the newest installed is used.',
  ].join('\n'),
  async run([action = 'list', name], given, output) {
    const params = parseParams(flags, given, flagName);
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    const needsName = action !== 'list' && action !== 'status';
    if (needsName !== (name !== undefined))
      throw new CupbearerError(
        'usage',
        needsName ? `engine ${action} needs a name.` : `engine ${action} takes no name.`,
        { hint: `npx cupbearer engine ${engine.synopsis}` },
      );
    if (action === 'list') list(output);
    else if (action === 'status') await status(output);
    else if (action === 'install') await install(name!, params, output);
    else if (action === 'use') {
      useInstallation(name!);
      output.result({ use: name }, () => `The engine "tensorflow" uses ${name} from now on.`);
    } else {
      if (installedRuntimes().includes(name!)) removeOnnx(name!);
      else removeInstallation(name!);
      output.result({ removed: name }, () => `${name} is removed.`);
    }
  },
};

function list(output: Output): void {
  const installations = listInstallations();
  const runtimes = installedRuntimes();
  output.result([...installations, ...runtimes.map((id, i) => ({ id, active: i === runtimes.length - 1 }))], () => {
    const rows = installations.map(({ id, active, record, fault }) => [
      active ? '*' : '',
      id,
      record?.tensorflow ?? '',
      record?.variant ?? '',
      fault ?? record?.source ?? 'fetched by npm',
    ]);
    const onnx = runtimes.length > 0 ? runtimes.join(', ') : 'not installed';
    return [
      `Installations of the engine "tensorflow" (* in use)\n\n${textTable(['', 'id', 'version', 'for', 'what'], rows)}`,
      `ONNX Runtime for models imported as ONNX graphs: ${onnx}`,
    ].join('\n\n');
  });
}

async function status(output: Output): Promise<void> {
  const statuses = await examineEngines();
  output.result(statuses, () => engineStatusText(statuses));
}

async function install(name: string, params: z.infer<typeof flags>, output: Output): Promise<void> {
  if (name === 'onnx') return installRuntime(params, output);
  if (name !== 'tensorflow')
    throw new CupbearerError(
      'usage',
      `The engine "${name}" comes with the program; "tensorflow" and "onnx" can be installed.`,
    );
  const { from_wheel: wheel, libtensorflow: library, cpu, gpu, from_packages: packages } = params;
  if (packages !== undefined) throw new CupbearerError('usage', '--from-packages is for "engine install onnx".');
  if (cpu && gpu) throw new CupbearerError('usage', '--cpu and --gpu exclude each other.');
  if (wheel !== undefined && library !== undefined)
    throw new CupbearerError('usage', '--from-wheel and --libtensorflow exclude each other.');
  const request: InstallRequest = {
    ...given({ wheel, library }),
    ...(cpu ? { variant: 'cpu' } : gpu ? { variant: 'gpu' } : {}),
  };
  await withBars(output, async (options) => {
    const installed = await installTensorflow(request, options);
    const { id, engine: found } = installed;
    const text = `The engine "tensorflow" uses ${id} from now on: it passed its self-test on ${found.device}.`;
    return { installed, text: [text, ...(found.notes ?? [])].join('\n') };
  });
}

async function installRuntime(params: z.infer<typeof flags>, output: Output): Promise<void> {
  const { from_wheel: wheel, libtensorflow: library, cpu, gpu, from_packages: folder } = params;
  if (wheel !== undefined || library !== undefined || cpu || gpu)
    throw new CupbearerError('usage', 'Only --from-packages goes with "engine install onnx": it computes on the CPU.');
  await withBars(output, async (options) => {
    const installed = await installOnnx({ folder, ...options });
    return { installed, text: `ONNX Runtime ${installed.version} is installed: it passed its test.` };
  });
}

/** Installs something with bars of progress, until it is interrupted, and prints what came of it. */
async function withBars<T>(
  output: Output,
  work: (options: {
    signal: AbortSignal;
    onStep: (text: string) => void;
    onBytes: (done: number, total: number) => void;
  }) => Promise<{ installed: T; text: string }>,
): Promise<void> {
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Stopping; nothing is changed.'));
  try {
    const { installed, text } = await work({
      signal: interrupt.signal,
      onStep: (step) => bars?.print(step),
      onBytes: (done, total) => bars?.update('Download', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
    });
    bars?.finish();
    output.result(installed, () => text);
  } finally {
    bars?.finish();
    interrupt.release();
  }
}
