import { shortLayerNames } from '../../../shared/charts/layer-names.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { Histogram, LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { RunDetail, RunResult } from '../../../shared/domain/result.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { operatingPointAt } from '../../../shared/scores/operating-point.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { OtherDetectors } from './other-detectors.svelte.ts';
import { RunScores } from '../../runs/run-scores.ts';

/** A layer with its figures, or the aggregate of all. */
export interface NamedLayer {
  /** As in eval.json. */
  id: string;
  /** As short as it can be told from the others. */
  name: string;
  metrics: LayerMetrics;
}

/** What the run screen shows of one run, and what the user looks at in it. */
export class RunPage {
  readonly id: string;
  detail = $state.raw<RunDetail>();
  /** null where the run has no evaluation. */
  result = $state.raw<RunResult | null>();
  /** What other detectors of the task say of the same samples. */
  readonly others = new OtherDetectors();
  /** Why one of them could not be had. */
  failure = $state.raw<CupbearerError>();
  resultFailure = $state.raw<CupbearerError>();
  #scores = $state.raw<RunScores>();
  #scoresFailure = $state.raw<CupbearerError>();

  /** What the user has picked; undefined as long as the result's own choice holds. */
  #layer = $state<string>();
  /** The test sample that is looked at, by its place in the score arrays. */
  sample = $state<number>();
  /** The samples that it was chosen among, in their order; all of them where it stands alone. */
  #among = $state.raw<readonly number[]>();
  #threshold = $state<number | null>();
  #scale = $state<Histogram['scale']>();
  #scoresAsked = false;

  constructor(id: string) {
    this.id = id;
  }

  /** The run's row, kept up to date. */
  readonly summary = $derived.by(() => catalogue.runs.get(this.id) ?? this.detail?.summary);
  readonly live = $derived.by(() => catalogue.live.get(this.id));
  /** Where the run stood when its detail and its result were read: a run that has just ended has none of them yet. */
  readonly readStatus = $derived.by(() => this.detail?.record.status ?? this.summary?.status);

  /** The aggregate first, then the layers in the model's order. */
  readonly layers: readonly NamedLayer[] = $derived.by(() => {
    const result = this.result;
    if (!result) return [];
    const ids = Object.keys(result.layers).filter((id) => id !== allLayers);
    const names = shortLayerNames(ids);
    const single = ids.map((id, i) => ({ id, name: names[i]!, metrics: result.layers[id]! }));
    const all = result.layers[allLayers];
    // One layer and its aggregate are the same scores.
    return all && single.length !== 1
      ? [{ id: allLayers, name: `All, ${result.aggregation}`, metrics: all }, ...single]
      : single;
  });

  readonly layer: NamedLayer | undefined = $derived.by(() => {
    const wanted = this.#layer ?? this.result?.headline;
    return this.layers.find(({ id }) => id === wanted) ?? this.layers[0];
  });

  /** A layer that the evaluation speaks of and whose scores are not there: its file was taken away. */
  readonly #bareLayer = $derived.by(() => {
    const known = this.#scores?.layers;
    return known && Object.keys(this.result?.layers ?? {}).find((id) => !known.includes(id));
  });
  /** All of them, or none: charts and tables go from layer to layer. */
  readonly scores = $derived.by(() => (this.#bareLayer === undefined ? this.#scores : undefined));
  readonly scoresFailure = $derived.by(() =>
    this.#bareLayer === undefined
      ? this.#scoresFailure
      : new CupbearerError(
          'bad-data',
          `Those ${this.#bareLayer === allLayers ? 'over all layers' : `at ${this.#bareLayer}`} are missing.`,
          { hint: 'Repeat the run to have them again.' },
        ),
  );

  /** Samples scoring at least this are flagged. */
  readonly threshold: number = $derived.by(() => {
    const metrics = this.layer?.metrics;
    const { edges } = metrics?.histogram ?? { edges: [0] };
    return this.#threshold ?? metrics?.threshold_at_FPR_1 ?? edges.at(-1)!;
  });

  /** What the threshold comes to; undefined until the scores have come. */
  readonly point = $derived.by(() =>
    this.scores && this.layer ? operatingPointAt(this.scores.points(this.layer.id), this.threshold) : undefined,
  );

  /** Where no sample is on the wrong side of the threshold, those nearest to it are no mistakes. */
  readonly mistakesTitle: string = $derived.by(() =>
    this.scores && this.layer && !this.scores.hasMistakes(this.layer.id, this.threshold)
      ? 'Closest to a mistake'
      : 'Worst mistakes',
  );

  /** On the axis that was picked, or else the one that suits the scores. */
  readonly histogram: Histogram | undefined = $derived.by(() => {
    const layer = this.layer;
    if (!layer) return undefined;
    const own = layer.metrics.histogram;
    const scale = this.scale;
    return scale === own.scale || !this.scores ? own : this.scores.histogram(layer.id, scale);
  });

  readonly canBeLog = $derived.by(() => {
    const layer = this.layer;
    if (!layer) return false;
    return layer.metrics.histogram.scale === 'log' || layer.metrics.histogram.edges[0]! > 0;
  });

  readonly scale: Histogram['scale'] = $derived.by(() => {
    const own = this.layer?.metrics.histogram.scale ?? 'linear';
    const wanted = this.#scale ?? own;
    return wanted === 'log' && !this.canBeLog ? 'linear' : wanted;
  });

  /** Short name of a layer by its id. */
  nameOf(id: string): string {
    return this.layers.find((layer) => layer.id === id)?.name ?? id;
  }

  /** The layer that was picked, if any. */
  get pickedLayer(): string | undefined {
    return this.#layer;
  }

  pickLayer(id: string): void {
    if (id === this.layer?.id) return;
    this.#layer = id;
    this.#threshold = undefined;
    this.#scale = undefined;
  }

  /** Looks at a sample, of several that stand together; one of those that it was last chosen among still stands there. */
  openSample(position: number, among?: readonly number[]): void {
    this.sample = position;
    if (among || !this.#among?.includes(position)) this.#among = among;
  }

  closeSample(): void {
    this.sample = undefined;
  }

  /** Where the sample stands among those that it was chosen among, and the ones beside it. */
  get neighbours():
    { place: number; count: number; previous: number | undefined; next: number | undefined } | undefined {
    const { sample, scores } = this;
    if (sample === undefined || !scores) return undefined;
    const place = this.#among?.indexOf(sample) ?? sample;
    const count = this.#among?.length ?? scores.length;
    const at = (index: number) => (index < 0 || index >= count ? undefined : (this.#among?.[index] ?? index));
    return { place, count, previous: at(place - 1), next: at(place + 1) };
  }

  /** Goes to the sample before or behind the one that is looked at. */
  stepSample(by: -1 | 1): void {
    const position = by === 1 ? this.neighbours?.next : this.neighbours?.previous;
    if (position !== undefined) this.sample = position;
  }

  moveThreshold(threshold: number): void {
    this.#threshold = threshold;
  }

  /** Back to the threshold that flags at most 1 % of the clean samples. */
  resetThreshold(): void {
    this.#threshold = undefined;
  }

  pickScale(scale: Histogram['scale']): void {
    this.#scale = scale;
  }

  /** Asks for the run and its result each time. */
  async load(): Promise<void> {
    const [detail, result] = await Promise.allSettled([
      client.runs.get({ id: this.id }),
      client.runs.result({ id: this.id }),
    ]);
    if (result.status === 'fulfilled') this.result = result.value;
    this.resultFailure = result.status === 'rejected' ? toCupbearerError(result.reason) : undefined;
    if (detail.status === 'fulfilled') this.detail = detail.value;
    this.failure = detail.status === 'rejected' ? toCupbearerError(detail.reason) : undefined;
  }

  /** Asks for the scores, once. */
  async loadScores(): Promise<void> {
    if (this.#scoresAsked && this.#bareLayer === undefined) return;
    this.#scoresAsked = true;
    try {
      this.#scores = await RunScores.from(await client.runs.scores({ id: this.id }));
      this.#scoresFailure = undefined;
    } catch (error) {
      this.#scoresAsked = false;
      this.#scores = undefined;
      this.#scoresFailure = toCupbearerError(error);
    }
  }
}
