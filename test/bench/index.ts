/**
 * Prints what the program takes, as Markdown: `npm run bench [-- [--engine ID] [--rounds N] [WORD]]` measures those whose name
 * contains WORD on an engine, `auto` unless given; experiments N times, 3 unless given. `--gigabytes G` is the size of the file of
 * activations whose covariance `import` works out, 0.25 unless given.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEngine } from '../../main/tensor/engine.ts';
import { formatBytes } from '../../shared/format.ts';
import { mnistFolder, peerSeconds, runAcceptanceJob } from './acceptance-job.ts';
import { coverages, seedCoverages } from './coverage.ts';
import { dataBenches } from './data.ts';
import { exportName, measureExport } from './exports.ts';
import { oneCellAgainstPytorch, sideBySide } from './experiments.ts';
import { detectorBenches, runDetectorBenches } from './detectors.ts';
import { importName, measureImports } from './imports.ts';
import { compareNeighbours, neighboursName } from './neighbours.ts';
import { onnxTimes } from './onnx.ts';
import { measurePlugins, pluginsName } from './plugins.ts';
import { runSecondDetector, secondDetectorBenches } from './second-detector.ts';
import { tensorBenches } from './tensor.ts';

const { values, positionals } = parseArgs({
  options: {
    engine: { type: 'string', default: 'auto' },
    rounds: { type: 'string', default: '3' },
    gigabytes: { type: 'string', default: '0.25' },
  },
  allowPositionals: true,
});
const { engine } = values;
const rounds = Math.max(1, Number(values.rounds) || 1);
const word = positionals[0] ?? '';
const wanted = (name: string) => name.toLowerCase().includes(word.toLowerCase());

function row(...cells: string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function heads(...names: string[]): void {
  console.log('');
  row(...names);
  row(...names.map(() => '---'));
}

/**
 * Median milliseconds, of the clock and of the processor, by bench name, of those that are wanted, measured in this very run;
 * empty without PyTorch.
 */
function pytorch(threads: number): Record<string, [wall: number, processor: number]> {
  const script = fileURLToPath(new URL('pytorch.py', import.meta.url));
  const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  const { status, stdout } = spawnSync(python, [script, String(threads), word], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as ReturnType<typeof pytorch>) : {};
}

const number = (value: number | undefined) => value?.toFixed(value >= 100 ? 0 : 2) ?? '';
const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? '' : (a / b).toFixed(2);

const { id, device, threads } = await startEngine(engine);
console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node.js ${process.versions.node}; engine ${id} on ${device}, threads: ${threads}`,
);

if (wanted('coverage')) {
  let isFirst = true;
  for (const { anomalous, clean, auroc, held } of coverages(1000)) {
    if (isFirst) heads('anomalous + clean', 'AUROC', ...Object.keys(held));
    isFirst = false;
    row(`${anomalous} + ${clean}`, String(auroc), ...Object.values(held).map((share) => share.toFixed(3)));
  }
  heads('seeds', 'spread of the shift', 'samples', 'AUROC', 'held');
  for (const { seeds, spread, shared, auroc, held } of seedCoverages(400))
    row(String(seeds), String(spread), shared ? 'shared' : 'of its own', String(auroc), held.toFixed(3));
}

if (wanted('acceptance job')) {
  const data = mnistFolder();
  if (data === undefined)
    console.log('\nacceptance job skipped: there is no MNIST; "npx cupbearer data download mnist" fetches it');
  else {
    const job = await runAcceptanceJob(data, engine);
    const ours = job.seconds.training + job.seconds.detection;
    const peer = Object.values(peerSeconds).reduce((sum, seconds) => sum + seconds, 0);
    heads('acceptance job', 'here', 'the peer', 'ratio');
    row(
      'start and train 3 epochs, s',
      job.seconds.training.toFixed(1),
      (peerSeconds.import + peerSeconds.training).toFixed(1),
      '',
    );
    row(
      'start, fit and evaluate, s',
      job.seconds.detection.toFixed(1),
      (peerSeconds.fitting + peerSeconds.evaluating).toFixed(1),
      '',
    );
    row('whole, s', ours.toFixed(1), peer.toFixed(1), `1 / ${(peer / ours).toFixed(1)}`);
    row('peak memory', job.peakBytes === undefined ? 'unknown' : formatBytes(job.peakBytes), '1.34 GB', '');
    row('clean accuracy', job.cleanAccuracy.toFixed(4), '0.9455', '');
    row('attack success', job.attackSuccess.toFixed(4), '0.971', '');
    for (const [layer, auroc] of Object.entries(job.auroc)) row(`AUROC ${layer}`, auroc.toFixed(4), '', '');
  }
}

if (wanted('side by side')) {
  const { one, two } = await sideBySide(engine, rounds);
  heads('20 cells, in turns', 'one after another, s', 'two side by side, s', 'times faster, at least 1.5');
  row(`median of ${rounds}`, one.toFixed(1), two.toFixed(1), (one / two).toFixed(2));
}

if (wanted('peers')) {
  const data = mnistFolder();
  if (data === undefined)
    console.log('\npeers skipped: there is no MNIST; "npx cupbearer data download mnist" fetches it');
  else {
    const { ours, pytorch: theirs, parts } = await oneCellAgainstPytorch(data, engine, rounds);
    heads(
      'the acceptance job, in turns',
      'as an experiment of one cell, s',
      'practised PyTorch, s',
      'ratio, at most 0.8',
    );
    row(`median of ${rounds}`, ours.toFixed(1), theirs?.toFixed(1) ?? 'PyTorch is not here', ratio(ours, theirs));
    heads('of ours', 's');
    for (const [part, seconds] of Object.entries(parts)) row(part, seconds.toFixed(2));
  }
}

if (wanted('import onnx')) {
  const times = await onnxTimes();
  if (times === undefined)
    console.log('\nimport onnx skipped: "npx cupbearer engine install onnx" installs ONNX Runtime');
  else {
    heads('import onnx, in turns', 'ONNX Runtime alone, ms', 'with 3 layers, ms', 'ratio, at most 1.3');
    for (const { name, alone, shown, ratio: factor } of times)
      row(name, number(alone), number(shown), factor.toFixed(2));
  }
}

const detectors = detectorBenches.filter(({ detector }) => wanted(`detector ${detector}`));
const mnist = mnistFolder();
if (detectors.length > 0 && mnist !== undefined) {
  heads(
    'detector, fit on 60,000 and score 10,000',
    'processor, s',
    'wall, s',
    'the peer, s',
    'processor / peer',
    'peak memory',
  );
  await runDetectorBenches(mnist, detectors, engine, ({ detector, peer }, { cpu, wall, peakBytes }) =>
    row(detector, cpu.toFixed(1), wall.toFixed(1), peer.toFixed(1), (cpu / peer).toFixed(2), formatBytes(peakBytes)),
  );
}

if (wanted(neighboursName)) {
  const { ours, peer } = await compareNeighbours(engine);
  heads(neighboursName, 'here, ms', 'scikit-learn, ms', 'ratio');
  row('clock', number(ours.wall), number(peer?.wall), ratio(ours.wall, peer?.wall));
  row('processor', number(ours.processor), number(peer?.processor), ratio(ours.processor, peer?.processor));
}

if (wanted(pluginsName)) {
  heads(pluginsName, 'start and describe, ms', 'fit, ms', 'score, ms', 'GB/s');
  for (const { what, start, fit, score, rate } of await measurePlugins(process.env['PYTHON'] ?? 'python3'))
    row(what, number(start), number(fit), number(score), (rate / 1e9).toFixed(2));
}

if (wanted(exportName)) {
  const measured = measureExport(rounds);
  if (measured === undefined) console.log(`\n${exportName} skipped: PyTorch, transformers and the model are not here`);
  else {
    const { bare, exported } = measured;
    heads(exportName, 'export, s', 'bare forward passes, s', 'ratio, at most 1.1');
    for (const [at, clock] of ['clock', 'processor'].entries())
      row(clock, number(exported[at]), number(bare[at]), ratio(exported[at], bare[at]));
  }
}

if (wanted(importName)) {
  const { opening, decoding, moments } = await measureImports(Number(values.gigabytes) || 0.25);
  heads('import', 'here', 'goal');
  row(`open ${opening.files} requests to the list of layers, s`, opening.seconds.toFixed(2), 'under 3');
  for (const { type, bytesPerSecond, byProcessor } of decoding) {
    row(`read and decode ${type}, GB/s of the file`, (bytesPerSecond / 1e9).toFixed(2), 'about 1');
    row(`the same by processor time`, (byProcessor / 1e9).toFixed(2), '');
  }
  const { float64, float32 } = moments.peer ?? {};
  heads(
    `mean and covariance of ${formatBytes(moments.bytes)} of halves, n x 4096`,
    'here',
    'PyTorch, float64',
    'PyTorch, float32',
  );
  row('clock, s', moments.seconds.toFixed(1), number(float64?.seconds), number(float32?.seconds));
  row('processor, s', moments.processor.toFixed(1), number(float64?.processor), number(float32?.processor));
  row('here / PyTorch', '', ratio(moments.seconds, float64?.seconds), ratio(moments.seconds, float32?.seconds));
  const peak = (peer: { peakBytes: number } | undefined) => (peer ? formatBytes(peer.peakBytes) : '');
  row('peak memory', formatBytes(moments.peakBytes), peak(float64), peak(float32));
}

const seconds = secondDetectorBenches.filter(({ name }) => wanted(name));
if (seconds.length > 0) {
  heads('fit on 10,000 and score 20,000', 'first, s', 'second, s', 'first / second', 'second without cache, s');
  for (const { name, model } of seconds) {
    const { first, second, secondAlone } = await runSecondDetector(model, engine);
    row(name, number(first), number(second), ratio(first, second), number(secondAlone));
  }
}

const kernels = [...tensorBenches, ...dataBenches].filter(({ name }) => wanted(name));
if (kernels.length > 0) {
  const oneThread = pytorch(1);
  const asMany = threads === 1 ? oneThread : pytorch(threads);
  const peers = ['PyTorch, 1 thread', 'ratio', `PyTorch, ${threads} thread${threads === 1 ? '' : 's'}`, 'ratio'];
  heads('kernel', 'here', 'unit', ...peers, 'by processor time', 'PyTorch, 1 thread', 'ratio');
  for (const bench of kernels) {
    const { name, unit } = bench;
    const { value, processor: ours } = await bench.run(engine);
    const [wall, processor] = oneThread[name] ?? [];
    const [wallOfMany] = asMany[name] ?? [];
    row(
      ...[name, number(value), unit],
      ...[number(wall), ratio(value, wall), number(wallOfMany), ratio(value, wallOfMany)],
      ...[number(ours), number(processor), ratio(ours, processor)],
    );
  }
}
