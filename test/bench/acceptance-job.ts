import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCompileCache } from '../private-cache.ts';
import { sharedFolder } from '../shared-folder.ts';

const cli = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));

/** What the peer takes for the same job on such a machine, seconds (import 3.7, training 86.3, fit 34.9, evaluation 2.2). */
export const peerSeconds = { import: 3.7, training: 86.3, fitting: 34.9, evaluating: 2.2 };

/** The peer's own acceptance test on real MNIST, run through the CLI as a user would. */
interface AcceptanceJob {
  seconds: { training: number; detection: number };
  /** Largest memory of the command and its compute process together, bytes, what they share counted once; undefined where the system does not tell. */
  peakBytes: number | undefined;
  cleanAccuracy: number;
  attackSuccess: number;
  auroc: Record<string, number>;
}

interface CommandResult {
  seconds: number;
  peakBytes: number | undefined;
  output: { run: { metrics: Record<string, number> }; evaluation?: Record<string, { AUC_ROC: number }> };
}

/** Where real MNIST lies, if anywhere. */
export function mnistFolder(): string | undefined {
  const folders = [process.env['CUPBEARER_DATA'], sharedFolder && join(sharedFolder, 'data')];
  return folders.find((folder) => folder !== undefined && existsSync(join(folder, 'mnist')));
}

/** MLP 128,128, corner trigger, 5 % poison, batch 64, 3 epochs, Adam 1e-3; Mahalanobis on all 60,000 trusted images. */
export async function runAcceptanceJob(dataDir: string, engine: string): Promise<AcceptanceJob> {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-bench-'));
  try {
    const training = await runCommand(folder, dataDir, [
      'train-classifier',
      ...['--train_data', 'backdoor', '--train_data.original', 'mnist', '--train_data.backdoor', 'corner'],
      ...['--model', 'mlp', '--model.hidden_dims', '128,128', '--batch_size', '64', '--num_epochs', '3'],
      ...['--dir.full', join(folder, 'classifier'), '--engine', engine],
    ]);
    const detection = await runCommand(folder, dataDir, [
      ...['train-detector', '--detector', 'mahalanobis', '--task', 'backdoor', '--task.backdoor', 'corner'],
      ...['--task.run_path', join(folder, 'classifier'), '--dir.full', join(folder, 'detector'), '--engine', engine],
    ]);
    const { clean_accuracy: cleanAccuracy, attack_success: attackSuccess } = training.output.run.metrics;
    return {
      seconds: { training: training.seconds, detection: detection.seconds },
      peakBytes: training.peakBytes === undefined ? undefined : Math.max(training.peakBytes, detection.peakBytes ?? 0),
      cleanAccuracy: cleanAccuracy!,
      attackSuccess: attackSuccess!,
      auroc: Object.fromEntries(
        Object.entries(detection.output.evaluation!).map(([layer, { AUC_ROC }]) => [layer, AUC_ROC]),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runCommand(home: string, dataDir: string, args: string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [cli, ...args, '--json'], {
      env: { ...process.env, ...sharedCompileCache, CUPBEARER_HOME: join(home, 'home'), CUPBEARER_DATA: dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let peakBytes: number | undefined;
    const watch = setInterval(() => {
      const now = treeBytes(child.pid!);
      if (now !== undefined) peakBytes = Math.max(peakBytes ?? 0, now);
    }, 50);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code !== 0) reject(new Error(`${args[0]} ended with code ${code}: ${text}`));
      else {
        const output = JSON.parse(text) as CommandResult['output'];
        resolve({ seconds: (performance.now() - start) / 1000, peakBytes, output });
      }
    });
  });
}

/** Memory of a process and its children now, bytes, with what they share counted once (Linux only). */
function treeBytes(pid: number): number | undefined {
  try {
    const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    const own = 1024 * Number(/^Pss:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0);
    return children.reduce((sum, child) => sum + (treeBytes(child) ?? 0), own);
  } catch {
    return undefined;
  }
}
