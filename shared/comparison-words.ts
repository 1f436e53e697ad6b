import { layerOf, type ScoreChoice } from './domain/compared.ts';
import type { ComparedPair, ComparedRow, PairTest } from './domain/comparison.ts';
import { counted, formatCount, formatMetric } from './format.ts';
import { hasFewSamples } from './suspicions.ts';

/** Corrected p values below this are taken for a difference. */
const level = 0.05;

/** Small differences get one more digit, so that an interval's end does not read as zero. */
const digitsOf = (difference: number) => (Math.abs(difference) < 0.01 ? 4 : 3);

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}

/** "+0.025" */
export const differenceWords = ({ difference }: Pick<PairTest, 'difference'>) =>
  signed(difference, digitsOf(difference));

/** "+0.019 to +0.031" */
export const boundsWords = ({ difference, lower, upper }: Pick<PairTest, 'difference' | 'lower' | 'upper'>) =>
  `${signed(lower, digitsOf(difference))} to ${signed(upper, digitsOf(difference))}`;

/** "< 0.001", "0.045" */
export const pWords = (p: number | null) => (p === null ? 'not known' : p < 0.001 ? '< 0.001' : p.toFixed(3));

/** Whether two rows differ by more than chance would have it, among all pairs that are compared. */
export const isBeyondChance = ({ corrected }: Pick<PairTest, 'corrected'>) => corrected !== null && corrected < level;

/** What a detector has seen, in words. */
export const seenWords: Readonly<Record<ComparedRow['seen'], string>> = {
  nothing: 'no data',
  trusted: 'trusted only',
  untrusted: 'untrusted',
  labels: 'labels',
  unknown: 'not known',
};

/** Returns a test from the other side. */
const reversed = (test: PairTest): PairTest => ({
  ...test,
  difference: -test.difference,
  lower: -test.upper,
  upper: -test.lower,
});

/** Returns the test of `a` minus `b` whichever way it was made, with its pair; undefined where the two were not paired. */
export function pairOf(pairs: readonly ComparedPair[], a: number, b: number): ComparedPair | undefined {
  const pair = pairs.find((one) => (one.a === a && one.b === b) || (one.a === b && one.b === a));
  if (!pair || pair.a === a) return pair;
  return { ...pair, a, b, test: pair.test && reversed(pair.test) };
}

/** How many p values are corrected together. */
export const familySize = (pairs: readonly ComparedPair[]) =>
  pairs.filter(({ test }) => test !== null && test.corrected !== null).length;

/** Says what p values are corrected for; "" where there is nothing to correct. */
export function familyWords(pairs: readonly ComparedPair[]): string {
  const size = familySize(pairs);
  if (size < 2) return '';
  return `p values are corrected by Holm for the ${size} pairs that are compared here.`;
}

/** Says what a pair was tested by. */
export const testWords = (pairs: readonly ComparedPair[]) =>
  pairs.some(({ seeds }) => seeds > 1)
    ? 'Of several seeds the mean paired difference over seeds and samples, tested by Student’s t; of one seed DeLong’s paired test.'
    : pairs.some(({ groups }) => groups !== undefined)
      ? 'DeLong’s paired test on the same samples, clustered by group (Obuchowski 1997).'
      : 'DeLong’s paired test on the same samples.';

/** "a", "a and b", "a, b and c" */
const listed = (names: readonly string[]) =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;

/** What is compared, by places of rows. */
interface Compared {
  rows: readonly ComparedRow[];
  pairs: readonly ComparedPair[];
  /** What each row is called. */
  names: readonly string[];
  score: ScoreChoice;
}

/** The rows on the same test data that there are most of. */
export function largestGroup(rows: readonly Pick<ComparedRow, 'group'>[]): number {
  const sizes = new Map<number, number>();
  for (const { group } of rows) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return [...sizes].reduce((most, other) => (other[1] > most[1] ? other : most), [0, 0])[0];
}

/** The places of the rows of a group by AUROC: those with a figure, and none that has seen the labels. */
function rankedRows(rows: readonly ComparedRow[], group: number): number[] {
  return [...rows.keys()]
    .filter((place) => rows[place]!.group === group && rows[place]!.figures !== null && rows[place]!.seen !== 'labels')
    .sort((a, b) => rows[b]!.figures!.auroc.value - rows[a]!.figures!.auroc.value);
}

/**
 * Says which row of a group, the largest unless given, leads, by how much and how surely, who is not ranked and who has
 * seen what; `**` marks what the eye should land on. Only rows on the same test data are ranked, and none that has seen
 * the labels.
 */
export function verdictSentence({ rows, pairs, names, score }: Compared, group = largestGroup(rows)): string {
  const ranked = rankedRows(rows, group);
  return [leader(ranked, { rows, pairs, names }), aboutOthers(group, { rows, names }), scoreWords(score)]
    .filter((part) => part !== '')
    .join(' ');
}

function leader(ranked: readonly number[], { rows, pairs, names }: Omit<Compared, 'score'>): string {
  const [best, next] = ranked;
  if (best === undefined) return 'None of these can be ranked.';
  const figures = rows[best]!.figures!;
  const auroc = `AUROC ${formatMetric(figures.auroc.value)}`;
  if (next === undefined) {
    const other = [...rows.keys()].find((place) => place !== best && rows[place]!.group === rows[best]!.group);
    const test = other === undefined ? null : pairOf(pairs, best, other)?.test;
    const beside = test
      ? `, ${isBeyondChance(test) ? 'a difference' : 'no difference beyond chance'} of ${differenceWords(test)} (95\u00a0% interval ${boundsWords(test)}) to ${names[other!]!}`
      : '';
    return `**${names[best]!}** has ${auroc}${beside}; there is nothing to rank it with.`;
  }
  const against = `${auroc} against ${formatMetric(rows[next]!.figures!.auroc.value)}`;
  const pair = pairOf(pairs, best, next);
  const among = ranked.length > 2 ? ` of ${ranked.length}` : '';
  if (!pair?.test) {
    const reason = pair?.reason ? ` ${pair.reason.replace(/\.?$/, '.')}` : '';
    return `**${names[best]!}** has the higher AUROC${among}, but whether that is chance is not tested: ${against}.${reason}`;
  }
  const { test } = pair;
  const on = `on the same ${formatCount(pair.shared)} test samples${pair.groups === undefined ? '' : ` in ${formatCount(pair.groups)} groups`}${pair.seeds > 1 ? ` and ${pair.seeds} seeds` : ''}`;
  const size = familySize(pairs);
  const holm = size > 1 ? ` by Holm, ${size} pairs` : '';
  const p = `p ${test.corrected !== null && test.corrected < 0.001 ? '' : '= '}${pWords(test.corrected)}${holm}`;
  const sureness = `(95\u00a0% interval ${boundsWords(test)}; ${p}) ${on}`;
  if (isBeyondChance(test))
    return `**${names[best]!}** leads with ${auroc}, ahead of **${names[next]!}** by ${differenceWords(test).replace('+', '')} ${sureness}.`;
  const alike = ranked.slice(2).filter((place) => {
    const other = pairOf(pairs, best, place)?.test;
    return other && !isBeyondChance(other);
  });
  const two = hasFewSamples(figures)
    ? `**Too few samples to tell** ${names[best]!} from ${names[next]!}`
    : `**No difference beyond chance** between ${names[best]!} and ${ranked.length > 2 ? 'the next, ' : ''}${names[next]!}`;
  const nor = alike.length === 0 ? '' : ` Nor is ${names[best]!} told apart from ${some(alike.map((place) => names[place]!), 'others')}.`; // prettier-ignore
  return `${two}: ${against}, a difference of ${differenceWords(test)} ${sureness}.${nor}`;
}

/** Names of more than four are counted. */
const some = (those: readonly string[], what: string) => (those.length > 4 ? `${those.length} ${what}` : listed(those));

function aboutOthers(group: number, { rows, names }: Pick<Compared, 'rows' | 'names'>): string {
  const own = [...rows.keys()].filter((place) => rows[place]!.group === group);
  const those = (is: (row: ComparedRow) => boolean) =>
    own.filter((place) => is(rows[place]!)).map((place) => names[place]!);
  const probes = those(({ seen }) => seen === 'labels');
  const untrusted = those(({ seen }) => seen === 'untrusted');
  const low = those(({ figures }) => figures !== null && figures.auroc.upper < 0.5);
  const elsewhere = rows.length - own.length;
  const are = (count: number) => (count === 1 ? 'is' : 'are');
  const said = [
    probes.length > 0 ? `${some(probes, 'detectors')} saw labels, so ${probes.length === 1 ? 'it is' : 'they are'} not ranked` : '', // prettier-ignore
    untrusted.length > 0 && untrusted.length < own.length ? `${some(untrusted, 'detectors')} saw untrusted data` : '',
    low.length > 0 ? `${some(low, 'detectors')} ${are(low.length)} below guessing` : '',
    elsewhere > 0 ? `${counted(elsewhere, 'other')} ${are(elsewhere)} on other test data and not ranked with these` : '', // prettier-ignore
  ].filter((part) => part !== '');
  const text = said.length < 2 ? said.join('') : `${said.slice(0, -1).join('; ')}, and ${said.at(-1)}`;
  return text === '' ? '' : `${text}.`;
}

/** What is to be known of the scores that are compared; "" where they are the aggregates that runs were asked for. */
function scoreWords(score: ScoreChoice): string {
  if (score === 'nested')
    return 'For each seed the layer was selected on the other seeds, so the labels of its test have not picked it.';
  if (layerOf(score) !== null)
    return 'This is one layer: unless it was chosen beforehand, it is **picked after seeing the labels**, and the aggregate is the result.';
  return '';
}
