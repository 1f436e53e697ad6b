import type { FormDefinition } from '../../../shared/domain/form.ts';

/** What a detector needs, as tags of a word each. */
export function needWords({ needs = {} }: FormDefinition): string[] {
  return [
    ...(needs['trusted'] === true ? ['trusted'] : []),
    ...(needs['untrusted'] === true ? ['untrusted'] : []),
    ...(needs['anomalyLabels'] === true ? ['labels'] : []),
    ...(needs['gradients'] === true ? ['gradients'] : []),
    ...(needs['images'] === true ? ['images'] : []),
  ];
}

export const needsTrustedAlone = ({ needs = {} }: FormDefinition) => !needs['untrusted'] && !needs['anomalyLabels'];
export const needsGradients = ({ needs = {} }: FormDefinition) => needs['gradients'] === true;

/** "Lee 2018" of "Lee et al., NeurIPS 2018, arXiv 1807.03888"; of what is no paper, its first words. */
export function shortSource({ source }: FormDefinition): string {
  if (source === undefined) return 'built in';
  if (source.startsWith('ejnnr/cupbearer')) return 'seed library';
  const author = /^(?:[A-Z]+: )?([\p{L}-]+)/u.exec(source)?.[1] ?? '';
  const year = /\b(?:19|20)\d\d\b(?!\.)/.exec(source)?.[0] ?? '';
  return [author, year].filter(Boolean).join(' ');
}

/** Whether a detector is found by what is typed: by its id, title, what it does or where it is from. */
export function matches({ id, title, summary, source = '' }: FormDefinition, typed: string): boolean {
  const text = [id, title, summary, source].join(' ').toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
