import { extname } from 'node:path';
import { parse as parsePath } from 'node:path/win32';
import { stringify } from 'yaml';
import type { ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { command, worded } from '../../../shared/wording.ts';
import { parseExperiment } from '../../experiments/read-spec.ts';

/** What the HTML report names the element by that holds the spec; nothing that a user has typed can make another. */
export const specElementId = 'experiment-file';
/** What the Markdown report says behind the fence of the spec. */
export const specFence = 'yaml cupbearer-experiment';

/** A spec as its file, as people write it. */
export const specText = (spec: object): string => stringify(spec, { aliasDuplicateObjects: false });

/** A spec as others may see it, and whether a path was shortened for that. */
export function publicExperiment(spec: ExperimentSpec): { spec: ExperimentSpec; isShortened: boolean } {
  let isShortened = false;
  const shortened = (value: unknown): unknown => {
    if (typeof value === 'string' && isMachinePath(value)) {
      isShortened = true;
      // Understands both separators.
      return parsePath(value).base;
    }
    if (Array.isArray(value)) return value.map(shortened);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, shortened(own)]));
  };
  const { name, question, notes, ...others } = spec;
  const computed = shortened(others) as typeof others;
  return { spec: { name, question, notes, ...computed }, isShortened };
}

/** Whether a value is a path of one machine: absolute, or in somebody's home. */
const isMachinePath = (value: string) => /^(?:[/\\]|~[/\\]|[A-Za-z]:[/\\]).*[^/\\]/.test(value);

/**
 * Returns the experiment that a report holds. `name` is that of its file. @throws CupbearerError `bad-data` where it holds
 * none, as {@link parseExperiment}.
 */
export function specOfReport(report: string, name: string): ExperimentSpec {
  const isMarkdown = /^\.(md|markdown)$/i.test(extname(name));
  const found = isMarkdown ? fromMarkdown(report) : fromHtml(report);
  if (found === undefined)
    throw new CupbearerError('bad-data', `"${name}" is no report of an experiment: it holds no experiment file.`, {
      hint: worded`Name an HTML or Markdown file made by ${command('npx cupbearer experiment report', 'Export › Report')}.`,
    });
  return parseExperiment(found, `The experiment in "${name}"`);
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function fromHtml(page: string): string | undefined {
  const opening = `<pre id="${specElementId}">`;
  const start = page.indexOf(opening);
  const end = page.indexOf('</pre>', start);
  if (start === -1 || end === -1) return undefined;
  return page
    .slice(start + opening.length, end)
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, code: string) => entities[code]!);
}

/** The last one: what a user has typed stands before it. */
function fromMarkdown(report: string): string | undefined {
  const lines = report.split('\n');
  const start = lines.findLastIndex((line) => /^`{3,}/.test(line) && line.replace(/^`+/, '') === specFence);
  if (start === -1) return undefined;
  const [fence] = /^`+/.exec(lines[start]!)!;
  const end = lines.indexOf(fence, start);
  return end === -1 ? undefined : lines.slice(start + 1, end).join('\n');
}
