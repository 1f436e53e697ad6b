import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { formatCount, formatInterval, formatMetric } from '../../shared/format.ts';

/** What was found, in words. */
interface ResultSentence {
  /** The layer that it speaks of: `all`, or the best one where the aggregate hides it. */
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
  if (!all) return best ? { headline: best.layer, sentence: found(best.metrics, nouns, best.name) } : nothing;
  if (!best || single.length === 1) return { headline: allLayers, sentence: found(all, nouns) };
  if (isHidden(best.metrics, all)) {
    const aggregate = `The score over all layers (${aggregation}) hides it: AUROC ${formatMetric(all.AUC_ROC)}.`;
    return { headline: best.layer, sentence: `${found(best.metrics, nouns, best.name)} ${aggregate}` };
  }
  const about = aboutLayers(single, best);
  return { headline: allLayers, sentence: [found(all, nouns), ...about].join(' ') };
}

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

/** Whether a layer does better than the aggregate beyond doubt, and by enough to matter. */
function isHidden(best: LayerMetrics, all: LayerMetrics): boolean {
  return best.AUC_ROC - all.AUC_ROC >= worthSaying && best.AUC_ROC_interval.lower > all.AUC_ROC_interval.upper;
}

type Nouns = Readonly<Record<'samples' | 'anomalous', string>>;

/** The main finding of one score. */
function found(metrics: LayerMetrics, nouns: Nouns, layer?: string): string {
  const { AUC_ROC: auroc, AUC_ROC_interval: bounds } = metrics;
  const subject = layer === undefined ? 'The detector' : `At **${layer}** the detector`;
  const figure = `AUROC ${formatMetric(auroc)} (${formatInterval(bounds)})`;
  if (auroc === 1)
    return `${subject} tells ${nouns.anomalous} ${nouns.samples} from clean ones **without a mistake**: ${formatCount(metrics.n_anomalous)} from ${formatCount(metrics.n_clean)}.`;
  if (bounds.upper < 0.5)
    return `${subject} points the **wrong way**: clean ${nouns.samples} get higher scores than ${nouns.anomalous} ones, ${figure}.`;
  if (bounds.lower <= 0.5) return `${subject} does **no better than guessing**: ${figure}.`;
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
  if (!clearly || best.metrics.AUC_ROC - worst.metrics.AUC_ROC < worthSaying) return [];
  const most =
    perfect.length > 0
      ? `${listed(perfect.map(({ name }) => name))} alone ${perfect.length === 1 ? 'tells' : 'tell'} them apart without a mistake`
      : `It shows most at **${best.name}** (AUROC ${formatMetric(best.metrics.AUC_ROC)})`;
  const { AUC_ROC: auroc, AUC_ROC_interval: bounds } = worst.metrics;
  const rest =
    bounds.upper < 0.5
      ? `at ${worst.name} the scores point the wrong way (${formatMetric(auroc)})`
      : bounds.lower <= 0.5
        ? `at ${worst.name} nothing is left of it (${formatMetric(auroc)})`
        : `least at ${worst.name} (${formatMetric(auroc)})`;
  return [bounds.lower > 0.5 && perfect.length > 0 ? `${most}; it shows ${rest}.` : `${most}; ${rest}.`];
}

function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  if (names.length > 3) return `${names.length} layers`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
