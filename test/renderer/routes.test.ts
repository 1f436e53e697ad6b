import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute } from '../../renderer/app/routes.ts';
import type { Route } from '../../renderer/app/routes.ts';
import { runTabs } from '../../renderer/screens/run/run-tabs.ts';
import { wizardSteps } from '../../shared/domain/draft.ts';
import { matrixMetricIds } from '../../shared/domain/result-matrix.ts';

describe('parseRoute', () => {
  it.each<[string, Route]>([
    ['', { screen: 'runs' }],
    ['#/', { screen: 'runs' }],
    ['#/runs', { screen: 'runs' }],
    ['#/nowhere/else', { screen: 'runs' }],
    [
      '#/runs?filter=tag:paper%20auroc>0.9&group=task,detector&columns=when,auroc:200&sort=-auroc',
      {
        screen: 'runs',
        filter: 'tag:paper auroc>0.9',
        groups: ['task', 'detector'],
        columns: [{ id: 'when' }, { id: 'auroc', width: 200 }],
        sort: { column: 'auroc', descending: true },
      },
    ],
    ['#/runs/20261124-a', { screen: 'run', id: '20261124-a', tab: 'overview' }],
    ['#/runs/20261124-a/scores', { screen: 'run', id: '20261124-a', tab: 'scores' }],
    [
      '#/runs/20261124-a/samples?layer=layers.linear_1.output&sample=0',
      { screen: 'run', id: '20261124-a', tab: 'samples', layer: 'layers.linear_1.output', sample: 0 },
    ],
    ['#/runs/20261124-a?layer=&sample=-1', { screen: 'run', id: '20261124-a', tab: 'overview' }],
    ['#/runs/20261124-a?sample=1e3', { screen: 'run', id: '20261124-a', tab: 'overview' }],
    ['#/runs/20261124-a/nothing', { screen: 'run', id: '20261124-a', tab: 'overview' }],
    ['#/new', { screen: 'new', step: 'task', from: null }],
    ['#/new/model?from=x', { screen: 'new', step: 'model', from: { kind: 'from', id: 'x' } }],
    ['#/new/task?data=my%20images', { screen: 'new', step: 'task', from: { kind: 'data', id: 'my images' } }],
    ['#/compare/a,b', { screen: 'compare', ids: ['a', 'b'] }],
    ['#/compare', { screen: 'compare', ids: [] }],
    ['#/experiments', { screen: 'experiments' }],
    ['#/experiments/quick-1', { screen: 'experiment', id: 'quick-1', metric: 'auroc' }],
    [
      '#/experiments/quick-1?metric=tpr_at_1&baseline=k%20NN',
      { screen: 'experiment', id: 'quick-1', metric: 'tpr_at_1', baseline: 'k NN' },
    ],
    ['#/experiments/quick-1?metric=nothing&baseline=', { screen: 'experiment', id: 'quick-1', metric: 'auroc' }],
    ['#/datasets', { screen: 'datasets', name: null }],
    ['#/datasets/my%20pets', { screen: 'datasets', name: 'my pets' }],
    ['#/datasets/%E0%A4%A', { screen: 'datasets', name: '%E0%A4%A' }],
    ['#/models/a', { screen: 'models', id: 'a' }],
    ['#/settings', { screen: 'settings' }],
  ])('%j', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('reads back every address that is made', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 });
    const id = fc.stringMatching(/^[0-9a-z-]+$/);
    const from = fc.record({ kind: fc.constantFrom('from' as const, 'model' as const, 'data' as const), id: word });
    const route: fc.Arbitrary<Route> = fc.oneof(
      fc.constant<Route>({ screen: 'runs' }),
      fc.record(
        {
          screen: fc.constant('run' as const),
          id,
          tab: fc.constantFrom(...runTabs),
          layer: word,
          sample: fc.nat({ max: 999_999_999 }),
        },
        { requiredKeys: ['screen', 'id', 'tab'] },
      ),
      fc.record({ screen: fc.constant('new' as const), step: fc.constantFrom(...wizardSteps), from: fc.option(from) }),
      fc.record(
        {
          screen: fc.constant('experiment' as const),
          id,
          metric: fc.constantFrom(...matrixMetricIds),
          baseline: word,
        },
        { requiredKeys: ['screen', 'id', 'metric'] },
      ),
      fc.record({ screen: fc.constant('compare' as const), ids: fc.array(id) }),
      fc.record({ screen: fc.constant('datasets' as const), name: fc.option(word) }),
      fc.record({ screen: fc.constant('models' as const), id: fc.option(id) }),
      fc.constant<Route>({ screen: 'settings' }),
    );
    fc.assert(
      fc.property(route, (made) => {
        expect(parseRoute(hrefOf(made))).toEqual(made);
      }),
    );
  });
});
