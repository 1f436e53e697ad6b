import type { RunSummary } from '../../../shared/domain/live.ts';
import { inSentence } from '../../../shared/format.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import { hrefOf } from '../../app/router.svelte.ts';
import { taskWords } from '../../runs/run-words.ts';

/** What a run is called at the head of its page: its task and data. */
export function runTitle(run: RunSummary): string {
  const { main, dataset } = taskWords(run);
  const what = run.kind === 'classifier' && run.model !== '' ? `${run.model.toUpperCase()}, ${inSentence(main)}` : main;
  // "Toy features" is the name of a task and of its data.
  return dataset === '' || main.startsWith(dataset) ? what : `${what}, ${dataset}`;
}

interface Fact {
  label: string;
  value: string;
  href?: string;
}

/** The line of facts under the title. */
export function runFacts(run: RunSummary): Fact[] {
  const model = run.parents.map((id) => catalogue.runs.get(id)).find((parent) => parent?.kind === 'classifier');
  const facts: (Fact | false)[] = [
    run.kind === 'classifier' && run.title !== '' && { label: 'Name', value: run.title },
    run.task !== '' && { label: 'Task', value: taskWords(run).main },
    run.detector !== '' && { label: 'Detector', value: [run.detector, run.detectorDetail].filter(Boolean).join(', ') },
    run.model !== '' && {
      label: 'Model',
      value: run.model,
      ...(model ? { href: hrefOf({ screen: 'run', id: model.id, tab: 'overview' }) } : {}),
    },
    run.dataset !== '' && { label: 'Data', value: definitions.titleOf('dataset', run.dataset) },
    run.engines.length > 0 && { label: 'Engine', value: run.engines.join(', ') },
  ];
  return facts.filter((fact) => fact !== false);
}
