import { expect, it } from 'vitest';
import { withOldChoices } from '../../renderer/screens/runs/old-choices.ts';

it('takes over what an earlier version kept in the browser, and undoes nothing that was set since', () => {
  const none = { savedFilters: [], hiddenColumns: null };
  expect(withOldChoices(none, ['tag:paper', 'auroc>0.9'], ['model'])).toEqual({
    savedFilters: ['tag:paper', 'auroc>0.9'],
    hiddenColumns: ['model'],
  });
  const own = { savedFilters: ['tag:paper', 'kind:detector'], hiddenColumns: ['tags'] };
  expect(withOldChoices(own, ['auroc>0.9', 'tag:paper', ''], ['model'])).toEqual({
    savedFilters: ['tag:paper', 'kind:detector', 'auroc>0.9'],
    hiddenColumns: ['tags'],
  });
});
