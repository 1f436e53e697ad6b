import type { RunSummary } from '../../../shared/domain/live.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import { hrefOf } from '../../app/router.svelte.ts';
import { taskWords } from '../../runs/run-words.ts';
import { siblings } from '../../runs/siblings.svelte.ts';

interface Fact {
  label: string;
  value: string;
  href?: string;
}

/** The line of facts under the title. */
export function runFacts(run: RunSummary): Fact[] {
  const model = run.parents.map((id) => catalogue.runs.get(id)).find((parent) => parent?.kind === 'classifier');
  const telling = siblings.wordsFor(run);
  const facts: (Fact | false)[] = [
    run.task !== '' && { label: 'Task', value: taskWords(run).main },
    run.detector !== '' && { label: 'Detector', value: [run.detector, run.detectorDetail].filter(Boolean).join(', ') },
    run.model !== '' && {
      label: 'Model',
      value: run.model,
      ...(model ? { href: hrefOf({ screen: 'run', id: model.id, tab: 'overview' }) } : {}),
    },
    run.dataset !== '' && { label: 'Data', value: run.ownDataset || definitions.titleOf('dataset', run.dataset) },
    telling !== '' && { label: 'Unlike others', value: telling },
    run.engines.length > 0 && { label: 'Engine', value: run.engines.join(', ') },
  ];
  return facts.filter((fact) => fact !== false);
}
