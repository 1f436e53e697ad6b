import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { counted, formatCount, formatInterval, formatMetric } from '../../shared/format.ts';
import { hasFewSamples } from '../../shared/suspicions.ts';

/** What was found, in words. */
interface ResultSentence {
  /** The layer that it speaks of: `all`, or the best one where nothing was aggregated. */
  headline: string;
  /** One to three sentences; `**` marks what the eye should land on. */
  sentence: string;
}

/** What the samples of a task are called. */
interface SampleWords {
  /** In the plural: "Images". */
  samples: string;
  /** "Triggered" */
  anomalous: string;
}

/** Less than this between two AUROCs is not worth a sentence, however sure it is. */
const worthSaying = 0.02;
/** From here on a detector is said to catch something; below, that it catches little. */
const catches = 0.5;

/**
 * Says what an evaluation found: how many anomalous samples are caught at 1 % false alarms, or why that cannot be said, and at
 * which layers it shows. `layers` are the metrics by layer with the aggregate `all`; `aggregation` is how that was made.
 */
export function describeResult(
  layers: Readonly<Record<string, LayerMetrics>>,
  aggregation: string,
  { samples, anomalous }: SampleWords,
): ResultSentence {
  const nouns = { samples: samples.toLowerCase(), anomalous: anomalous.toLowerCase() };
  const names = Object.keys(layers).filter((name) => name !== allLayers);
  const short = shortLayerNames(names);
  const single = names.map((layer, i) => ({ layer, name: short[i]!, metrics: layers[layer]! }));
  const all = layers[allLayers];
  const best = bestOf(single);
  if (!all) {
    if (!best) return nothing;
    const picked = single.length > 1 ? ` ${pickedAfterwards}` : '';
    return { headline: best.layer, sentence: `${found(best.metrics, nouns, best.name)}${picked}` };
  }
  if (!best || single.length === 1)
    return { headline: allLayers, sentence: [found(all, nouns), ...inGroups(all)].join(' ') };
  const about = isHidden(best.metrics, all) ? [hidden(best, aggregation)] : aboutLayers(single, best);
  return { headline: allLayers, sentence: [found(all, nouns), ...about, ...inGroups(all)].join(' ') };
}

/** What follows for intervals where samples are not independent. */
function inGroups({ n_groups: groups, n_clean: clean, n_anomalous: anomalous }: LayerMetrics): string[] {
  if (groups === undefined) return [];
  const of = `${formatCount(clean + anomalous)} samples in ${formatCount(groups)} groups`;
  return [`Intervals are those of ${of}.`];
}

/** The best of several layers flatters: what is left of it on other data is not known. */
const pickedAfterwards = 'The layer was picked after seeing the labels.';

const nothing: ResultSentence = { headline: allLayers, sentence: 'Nothing was scored.' };

interface NamedLayer {
  layer: string;
  name: string;
  metrics: LayerMetrics;
}

function bestOf(layers: readonly NamedLayer[]): NamedLayer | undefined {
  return layers.reduce<NamedLayer | undefined>(
    (best, layer) => (best === undefined || layer.metrics.AUC_ROC > best.metrics.AUC_ROC ? layer : best),
    undefined,
  );
}

/** Whether a layer finds something, does better than the aggregate beyond doubt, and by enough to matter. */
function isHidden(best: LayerMetrics, all: LayerMetrics): boolean {
  const { lower } = best.AUC_ROC_interval;
  return lower > 0.5 && best.AUC_ROC - all.AUC_ROC >= worthSaying && lower > all.AUC_ROC_interval.upper;
}

/** A detector is judged by its aggregate: which layer to look at is not known without the labels of the test. */
function hidden({ name, metrics }: NamedLayer, aggregation: string): string {
  const figure = `AUROC ${formatMetric(metrics.AUC_ROC)} (${formatInterval(metrics.AUC_ROC_interval)})`;
  return `The scores at **${name}** alone do better, ${figure}; the ${aggregation} over all layers hides them. Only the labels of the test tell which layer that is.`;
}

type Nouns = Readonly<Record<'samples' | 'anomalous', string>>;

/** The main finding of one score. */
function found(metrics: LayerMetrics, nouns: Nouns, layer?: string): string {
  const { AUC_ROC: auroc, AUC_ROC_interval: bounds } = metrics;
  const subject = layer === undefined ? 'The detector' : `At **${layer}** the detector`;
  const figure = `AUROC ${formatMetric(auroc)} (${formatInterval(bounds)})`;
  if (auroc === 1) {
    const [one, many] = [metrics.n_anomalous === 1, metrics.n_clean > 1];
    const found = one
      ? `**the only** one of the ${nouns.anomalous} ${nouns.samples}`
      : `**every one** of ${formatCount(metrics.n_anomalous)} ${nouns.anomalous} ${nouns.samples}`;
    return `${subject} scores ${found} above ${many ? `all ${formatCount(metrics.n_clean)} clean ones` : 'the only clean one'}.`;
  }
  if (bounds.upper < 0.5)
    return `${subject} points the **wrong way**: clean ${nouns.samples} get higher scores than ${nouns.anomalous} ones, ${figure}.`;
  if (bounds.lower <= 0.5 && hasFewSamples({ clean: metrics.n_clean, anomalous: metrics.n_anomalous }))
    return `${layer === undefined ? 'There' : `At **${layer}** there`} are **too few samples to tell**: ${figure}, with only ${formatCount(metrics.n_clean)} clean and ${formatCount(metrics.n_anomalous)} ${nouns.anomalous} ${nouns.samples}.`;
  if (bounds.lower <= 0.5)
    return `${layer === undefined ? 'The scores' : `The scores at **${layer}**`} **cannot be told from guessing**: ${figure}.`;
  const [caught, share] = [shareText(metrics.TPR_at_FPR_1), metrics.TPR_at_FPR_1];
  const alarms = falseAlarms(metrics.n_clean);
  if (share >= catches) return `${subject} catches **${caught}** ${nouns.anomalous} ${nouns.samples} ${alarms}.`;
  return `${subject} tells ${nouns.anomalous} ${nouns.samples} from clean ones better than guessing, ${figure}, but catches **${share === 0 ? 'none' : `only ${caught}`}** ${alarms}.`;
}

/** "93 of 100", never rounded up to all or down to none. */
function shareText(share: number): string {
  if (share === 1) return 'all';
  const rounded = Math.round(share * 100);
  if (rounded === 0) return 'fewer than 1 of 100';
  return `${Math.min(99, rounded)} of 100`;
}

/** What one false alarm in a hundred comes to: below a hundred clean samples it allows none. */
function falseAlarms(clean: number): string {
  return clean < 100 ? 'without flagging a clean one' : 'while flagging 1 of 100 clean ones';
}

function aboutLayers(layers: readonly NamedLayer[], best: NamedLayer): string[] {
  const perfect = layers.filter(({ metrics }) => metrics.AUC_ROC === 1);
  const least = bestOf(
    layers.map((layer) => ({ ...layer, metrics: { ...layer.metrics, AUC_ROC: -layer.metrics.AUC_ROC } })),
  )!;
  const worst = layers.find(({ layer }) => layer === least.layer)!;
  const clearly = best.metrics.AUC_ROC_interval.lower > worst.metrics.AUC_ROC_interval.upper;
  const isFound = best.metrics.AUC_ROC_interval.lower > 0.5;
  if (!isFound || !clearly || best.metrics.AUC_ROC - worst.metrics.AUC_ROC < worthSaying) return [];
  const most =
    perfect.length > 0
      ? `${listed(perfect.map(({ name }) => name))} alone ${perfect.length === 1 ? 'ranks' : 'rank'} all of them above the clean ones`
      : `By the labels of the test, it shows most at **${best.name}** (AUROC ${formatMetric(best.metrics.AUC_ROC)})`;
  const { AUC_ROC: auroc, AUC_ROC_interval: bounds } = worst.metrics;
  const rest =
    bounds.upper < 0.5
      ? `at ${worst.name} the scores point the wrong way (${formatMetric(auroc)})`
      : bounds.lower <= 0.5
        ? `at ${worst.name} the scores cannot be told from guessing (${formatMetric(auroc)})`
        : `least at ${worst.name} (${formatMetric(auroc)})`;
  return [bounds.lower > 0.5 && perfect.length > 0 ? `${most}; it shows ${rest}.` : `${most}; ${rest}.`];
}

function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  if (names.length > 3) return counted(names.length, 'layer');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
