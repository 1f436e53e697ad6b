import { expect, it } from 'vitest';
import { withOldChoices } from '../../renderer/screens/runs/old-choices.ts';

it('makes views and columns of what earlier versions kept, and undoes nothing that was set since', () => {
  const none = { runViews: [], runColumns: null, savedFilters: [], hiddenColumns: null };
  const hidden = ['seed', 'engine', 'ap', 'succeeded', 'others', 'tpr', 'accuracy', 'poison', 'success', 'notes', 'dataset', 'experiment', 'modelseed', 'model']; // prettier-ignore
  expect(withOldChoices(none, ['tag:paper', 'auroc>0.9'], hidden)).toEqual({
    runViews: [
      { name: 'tag:paper', address: '?filter=tag:paper' },
      { name: 'auroc>0.9', address: '?filter=auroc>0.9' },
    ],
    runColumns: 'status,kind,task,detector,auroc,duration,when,tags',
    savedFilters: [],
    hiddenColumns: null,
  });
  const own = {
    runViews: [{ name: 'tag:paper', address: '?filter=tag:paper&group=detector' }],
    runColumns: 'task,auroc:200',
    savedFilters: ['kind:detector'],
    hiddenColumns: ['tags'],
  };
  expect(withOldChoices(own, ['tag:paper', ''], ['model'])).toEqual({
    runViews: [...own.runViews, { name: 'kind:detector', address: '?filter=kind:detector' }],
    runColumns: 'task,auroc:200',
    savedFilters: [],
    hiddenColumns: null,
  });
});
