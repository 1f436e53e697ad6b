import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Preset } from '../../shared/domain/draft.ts';
import { finishedRuns } from '../e2e/finished-runs.ts';
import { startApplication, type StartedApplication } from './running-application.ts';

let app: StartedApplication;
let presets: Preset[];

beforeAll(async () => {
  app = startApplication();
  presets = await app.client.drafts.presets({});
});
afterAll(() => app.stop());

/** Runs a preset to its end; gives the classifier's figures and the AUROC of each detector by its name. */
async function run(id: string) {
  const { draft } = presets.find((preset) => preset.id === id)!;
  const ids = await finishedRuns(app.client, draft);
  const [classifier, ...detectors] = ids.map((run) => app.application.workbench.catalogue.get(run));
  for (const { error } of [classifier!, ...detectors]) expect(error).toBeNull();
  const auroc = detectors.map(({ metrics }, i): [string, number] => [draft.detectors[i]!.name, metrics['auroc']!]);
  return { classifier: classifier!.metrics as Record<string, number>, auroc: Object.fromEntries(auroc) };
}

describe('presets', { timeout: 240_000 }, () => {
  it('are estimated', async () => {
    const whole = presets.filter(
      ({ id, missingData }) => missingData.length === 0 && !['from-files', 'blank'].includes(id),
    );
    expect(whole.length).toBeGreaterThan(5);
    for (const { id, draft } of whole) {
      const { totalMs } = await app.client.drafts.estimate({ draft });
      expect(totalMs, id).toBeGreaterThan(0);
    }
  });

  it('first example: the trigger is learned and found', async () => {
    const { classifier, auroc } = await run('first-example');
    expect(classifier['clean_accuracy']).toBeGreaterThan(0.95);
    expect(classifier['attack_success']).toBeGreaterThan(0.95);
    expect(auroc['mahalanobis']).toBeGreaterThan(0.98);
  });

  it('OOD ablation: one detector tells the trigger from noise, the other is misled', async () => {
    const { auroc } = await run('ood-ablation');
    expect(auroc['mahalanobis']).toBeGreaterThan(0.95);
    expect(auroc['functional-attribution']).toBeLessThan(0.7);
  });

  it('WaNet: the warp is learned, hides from one detector and not from the other', async () => {
    const { classifier, auroc } = await run('wanet');
    expect(classifier['attack_success']).toBeGreaterThan(0.75);
    expect(auroc['mahalanobis']).toBeLessThan(0.8);
    expect(auroc['functional-attribution']).toBeGreaterThan(0.88);
  });

  it('adversarial examples and toy features: the anomaly is found', async () => {
    expect((await run('adversarial')).auroc['mahalanobis']).toBeGreaterThan(0.95);
    expect((await run('toy-features')).auroc['mahalanobis']).toBeGreaterThan(0.95);
  });
});
