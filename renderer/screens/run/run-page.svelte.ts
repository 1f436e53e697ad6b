import { shortLayerNames } from '../../../shared/charts/layer-names.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { Histogram, LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { RunDetail, ShownResult } from '../../../shared/domain/result.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { operatingPointAt } from '../../../shared/scores/operating-point.ts';
import type { TokenPooling } from '../../../shared/scores/token-pooling.ts';
import { given } from '../../../shared/given.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { router } from '../../app/router.svelte.ts';
import type { RunTab } from './run-tabs.ts';
import { sortSamples } from './sample-table.ts';
import { OtherDetectors } from './other-detectors.svelte.ts';
import { RunScores } from '../../runs/run-scores.ts';

/** A layer with its figures, or the aggregate of all. */
export interface NamedLayer {
  /** As in eval.json. */
  id: string;
  /** The shortest name that distinguishes it from the others. */
  name: string;
  metrics: LayerMetrics;
}

/** Samples in the order in which they are gone through. */
interface SampleList {
  /** The list that they are in: "Clean, most suspicious". */
  name: string;
  /** Places in the score arrays. */
  positions: ArrayLike<number> & Iterable<number>;
}

/**
 * What the run screen shows of one run, and what the user looks at in it: the address says at which layer and sample.
 */
export class RunPage {
  readonly id: string;
  detail = $state.raw<RunDetail>();
  /** null if the run has no evaluation. */
  result = $state.raw<ShownResult | null>();
  /** What other detectors of the task say of the same samples. */
  readonly others = new OtherDetectors();
  /** Why one of them could not be loaded. */
  failure = $state.raw<CupbearerError>();
  resultFailure = $state.raw<CupbearerError>();
  #scores = $state.raw<RunScores>();
  #scoresFailure = $state.raw<CupbearerError>();

  /** What the user has picked, and for which layer; undefined as long as the result's own choice holds. */
  #threshold = $state.raw<{ layer: string | undefined; value: number }>();
  #scale = $state.raw<{ layer: string | undefined; value: Histogram['scale'] }>();
  #scoresAsked = false;
  /** How tokens are pooled in what is shown, where that is not as the run did it. */
  #pooling: TokenPooling | undefined;
  /** Counts the choices, so that an answer to an earlier one changes nothing. */
  #poolings = 0;
  /** Why the pooling that was picked last is not shown. */
  poolingFailure = $state.raw<CupbearerError>();

  /** The list out of which a sample was opened last. */
  #opened = $state.raw<SampleList>();
  /** Whether the sample that is open was opened by a step that can be taken back. */
  #hasStepBack = false;

  constructor(id: string) {
    this.id = id;
  }

  /** The run's row, kept up to date. */
  readonly summary = $derived.by(() => catalogue.runs.get(this.id) ?? this.detail?.summary);
  readonly live = $derived.by(() => catalogue.live.get(this.id));
  /** The run's status when its details and result were read: a run that has just ended has none yet. */
  readonly readStatus = $derived.by(() => this.detail?.record.status ?? this.summary?.status);

  readonly #place = $derived.by(() => {
    const { route } = router;
    return route.screen === 'run' && route.id === this.id ? route : undefined;
  });

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

  /** How tokens are to be pooled, by the address; undefined for as the run did it. */
  readonly pickedPooling: TokenPooling | undefined = $derived.by(() => this.#place?.pooling);

  /** The layer that the address names. */
  readonly picked: NamedLayer | undefined = $derived.by(() => this.layers.find(({ id }) => id === this.#place?.layer));

  readonly layer: NamedLayer | undefined = $derived.by(
    () => this.picked ?? this.layers.find(({ id }) => id === this.result?.headline) ?? this.layers[0],
  );

  /** A layer that the evaluation speaks of and whose scores are not there: its file was taken away. */
  readonly #bareLayer = $derived.by(() => {
    const known = this.#scores?.layers;
    return known && Object.keys(this.result?.layers ?? {}).find((id) => !known.includes(id));
  });
  /** All of them or none, because charts and tables go from layer to layer. */
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
    const moved = this.#threshold?.layer === this.layer?.id ? this.#threshold?.value : undefined;
    return moved ?? metrics?.threshold_at_FPR_1 ?? edges.at(-1)!;
  });

  /** What the threshold comes to; undefined until the scores have come. */
  readonly point = $derived.by(() =>
    this.scores && this.layer ? operatingPointAt(this.scores.points(this.layer.id), this.threshold) : undefined,
  );

  /** If no sample is on the wrong side of the threshold, those nearest to it are not mistakes. */
  readonly mistakesTitle: string = $derived.by(() =>
    this.scores && this.layer && !this.scores.hasMistakes(this.layer.id, this.threshold)
      ? 'Closest to a mistake'
      : 'Worst mistakes',
  );

  /** On the chosen axis, or by default the one that suits the scores. */
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
    const wanted = this.#scale && this.#scale.layer === this.layer?.id ? this.#scale.value : own;
    return wanted === 'log' && !this.canBeLog ? 'linear' : wanted;
  });

  /** Short name of a layer by its id. */
  nameOf(id: string): string {
    return this.layers.find((layer) => layer.id === id)?.name ?? id;
  }

  /** The address of a tab, at the layer and pooling that are looked at. */
  placeOf(tab: RunTab) {
    return {
      screen: 'run',
      id: this.id,
      tab,
      ...given({ layer: this.#place?.layer, pooling: this.#place?.pooling }),
    } as const;
  }

  pickLayer(id: string): void {
    if (this.#place && id !== this.picked?.id) router.go({ ...this.#place, layer: id });
  }

  /** The sample that is inspected: its place in the score arrays. */
  readonly sample: number | undefined = $derived.by(() => {
    const sample = this.#place?.sample;
    return this.scores && sample !== undefined && sample < this.scores.length ? sample : undefined;
  });

  /**
   * The list to step through from the inspected sample. If only its address is known, all samples from the highest
   * score down.
   */
  readonly list: SampleList = $derived.by(() => {
    const { scores, sample, layer } = this;
    if (sample === undefined || !scores || !layer) return { name: '', positions: [] };
    if (this.#opened && Array.prototype.includes.call(this.#opened.positions, sample)) return this.#opened;
    const own = scores.of(layer.id);
    const positions = Int32Array.from(own.keys());
    return { name: 'All samples, by score', positions: sortSamples(positions, (i) => own[i]!, 'descending') };
  });

  /** Opens a sample of a list. */
  openSample(position: number, list: SampleList): void {
    if (!this.#place) return;
    this.#opened = list;
    this.#hasStepBack = true;
    router.go({ ...this.#place, sample: position });
  }

  /** Moves to the next sample of the list, or to the previous one by -1, without adding to the browser's history. */
  stepSample(by: 1 | -1): void {
    const next = this.sampleBeside(by);
    if (this.#place && next !== undefined) router.go({ ...this.#place, sample: next }, { replace: true });
  }

  /** Returns the sample before (-1) or after (1) the inspected one; undefined at the end of the list. */
  sampleBeside(by: 1 | -1): number | undefined {
    return this.list.positions[Array.prototype.indexOf.call(this.list.positions, this.sample) + by];
  }

  /** Back to what was there before the sample was opened. */
  closeSample(): void {
    if (this.#place?.sample === undefined) return;
    if (this.#hasStepBack) {
      this.#hasStepBack = false;
      return router.back();
    }
    router.go(this.placeOf(this.#place.tab), { replace: true });
  }

  moveThreshold(threshold: number): void {
    this.#threshold = { layer: this.layer?.id, value: threshold };
  }

  /** Back to the threshold that flags at most 1 % of the clean samples. */
  resetThreshold(): void {
    this.#threshold = undefined;
  }

  pickScale(scale: Histogram['scale']): void {
    this.#scale = { layer: this.layer?.id, value: scale };
  }

  /** Asks for the run and its result each time. */
  async load(): Promise<void> {
    const [detail, result] = await Promise.allSettled([
      client.runs.get({ id: this.id }),
      client.runs.result(this.#asked()),
    ]);
    if (result.status === 'fulfilled') this.result = result.value;
    this.resultFailure = result.status === 'rejected' ? toCupbearerError(result.reason) : undefined;
    if (detail.status === 'fulfilled') this.detail = detail.value;
    this.failure = detail.status === 'rejected' ? toCupbearerError(detail.reason) : undefined;
  }

  readonly #asked = () => ({ id: this.id, ...given({ pooling: this.#pooling }) });

  pickPooling(pooling: TokenPooling): void {
    const own = this.result?.poolings?.own;
    if (!this.#place || String(pooling) === String(this.pickedPooling ?? own)) return;
    const { pooling: _earlier, ...place } = this.#place;
    router.go(String(pooling) === String(own) ? place : { ...place, pooling });
  }

  /** Shows result and scores with the pooling of tokens that the address names, both at once when they have come. */
  async showPooling(): Promise<void> {
    const poolings = this.result?.poolings;
    if (!poolings) return;
    const number = ++this.#poolings;
    const pooling = this.pickedPooling ?? poolings.own;
    if (String(pooling) === String(poolings.shown)) {
      this.poolingFailure = undefined;
      return;
    }
    const asked = { id: this.id, pooling };
    try {
      const [result, scores] = await Promise.all([client.runs.result(asked), client.runs.scores(asked)]);
      const arrays = await RunScores.from(scores);
      if (number !== this.#poolings) return;
      this.#pooling = pooling;
      this.result = result;
      this.#scores = arrays;
      this.#threshold = undefined;
      this.poolingFailure = undefined;
    } catch (error) {
      if (number === this.#poolings) this.poolingFailure = toCupbearerError(error);
    }
  }

  /** Asks for the scores, once. */
  async loadScores(): Promise<void> {
    if (this.#scoresAsked && this.#bareLayer === undefined) return;
    this.#scoresAsked = true;
    try {
      this.#scores = await RunScores.from(await client.runs.scores(this.#asked()));
      this.#scoresFailure = undefined;
    } catch (error) {
      this.#scoresAsked = false;
      this.#scores = undefined;
      this.#scoresFailure = toCupbearerError(error);
    }
  }
}
