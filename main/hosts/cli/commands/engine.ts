import { z } from 'zod';
import {
  installTensorflow,
  knownVersion,
  type InstallRequest,
} from '../../../tensorflow-install/install-tensorflow.ts';
import { listInstallations, removeInstallation, useInstallation } from '../../../tensorflow-install/installations.ts';
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
  gpu: flag({ label: 'GPU', help: 'Install for NVIDIA GPUs, with CUDA and cuDNN (some gigabytes)', default: false }),
});

const actions = ['list', 'status', 'install', 'use', 'remove'];

export const engine: Command = {
  name: 'engine',
  summary: 'Compute engines: which work here; install TensorFlow, with or without a GPU',
  synopsis: '[list | status | install tensorflow | use ID | remove ID]',
  flags,
  maxWords: 2,
  notes: [
    'Of "tensorflow" several can be installed, in the program\'s own folder; one is in use. "use bundled" goes back to the',
    'TensorFlow that the npm package fetches itself, where it did.',
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
      removeInstallation(name!);
      output.result({ removed: name }, () => `${name} is removed.`);
    }
  },
};

function list(output: Output): void {
  const installations = listInstallations();
  output.result(installations, () => {
    const rows = installations.map(({ id, active, record, fault }) => [
      active ? '*' : '',
      id,
      record?.tensorflow ?? '',
      record?.variant ?? '',
      fault ?? record?.source ?? 'fetched by npm',
    ]);
    return `Installations of the engine "tensorflow" (* in use)\n\n${textTable(['', 'id', 'version', 'for', 'what'], rows)}`;
  });
}

async function status(output: Output): Promise<void> {
  const statuses = await examineEngines();
  output.result(statuses, () => engineStatusText(statuses));
}

async function install(name: string, params: z.infer<typeof flags>, output: Output): Promise<void> {
  if (name !== 'tensorflow')
    throw new CupbearerError('usage', `The engine "${name}" comes with the program; "tensorflow" can be installed.`);
  const { from_wheel: wheel, libtensorflow: library, cpu, gpu } = params;
  if (cpu && gpu) throw new CupbearerError('usage', '--cpu and --gpu exclude each other.');
  if (wheel !== undefined && library !== undefined)
    throw new CupbearerError('usage', '--from-wheel and --libtensorflow exclude each other.');
  const request: InstallRequest = {
    ...given({ wheel, library }),
    ...(cpu ? { variant: 'cpu' } : gpu ? { variant: 'gpu' } : {}),
  };
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Stopping; nothing is changed.'));
  try {
    const installed = await installTensorflow(request, {
      signal: interrupt.signal,
      onStep: (text) => bars?.print(text),
      onBytes: (done, total) => bars?.update('Download', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
    });
    bars?.finish();
    output.result(installed, () =>
      [
        `The engine "tensorflow" uses ${installed.id} from now on: it passed its self-test on ${installed.engine.device}.`,
        ...(installed.engine.notes ?? []),
      ].join('\n'),
    );
  } finally {
    bars?.finish();
    interrupt.release();
  }
}
