import type { FigureOptions } from '../../../shared/domain/experiment-figure.ts';
import type { ExperimentReportFormat, ReportedCells } from '../../../shared/domain/experiment-report.ts';
import type {
  ExperimentSummary,
  ExperimentView,
  FiguresByLayer,
  TableFormat,
  ViewOptions,
} from '../../../shared/domain/experiment-view.ts';
import { given } from '../../../shared/given.ts';
import type { MadeFile } from '../../../shared/domain/made-file.ts';
import { client } from '../../app/client.ts';
import { experiments } from '../../app/experiments.svelte.ts';
import { Refreshed } from '../../app/refreshed.svelte.ts';
import { givenOrder, sortedOrder, sortNamed, sortWords, type RowSort } from './row-order.ts';
import type { ExperimentPlace } from './screen.ts';

/** At most one view a second, however fast runs end. */
const pauseMs = 1000;

/** A cell of the matrix by its places in the results, in whatever order the rows are shown. */
export interface CellPlace {
  row: number;
  column: number;
}

/** What of the results is looked at, as the address keeps it. */
type Look = Pick<ExperimentPlace, 'detector' | 'task' | 'sort'>;

/** One experiment: its results as far as they are there, kept up to date, and what of them is looked at. */
export class ExperimentPage {
  readonly id: string;
  readonly #keep: (look: Look) => void;
  #options = $state.raw<ViewOptions>({});
  /** Views by their options, until something has changed: what was shown before is shown again at once. */
  readonly #seen = new Map<string, ExperimentView>();
  readonly #view = new Refreshed<ExperimentView>(async (signal) => {
    const options = this.#options;
    const view = await client.experiments.view({ id: this.id, ...options }, { signal });
    if (!signal.aborted) this.#seen.set(JSON.stringify(options), view);
    this.#settle(view);
    return view;
  }, pauseMs);
  readonly #layers = new Refreshed<FiguresByLayer>(
    (signal) => client.experiments.byLayer({ id: this.id, metric: this.#options.metric }, { signal }),
    pauseMs,
  );
  #areLayersWanted = false;
  #look = $state.raw<Look>({});
  /** The order of the rows as the user has last sorted them, with what by. */
  #sorted = $state.raw<{ words: string; order: readonly number[] }>();

  /** `keep` is called with what is looked at, to keep it in the address. */
  constructor(id: string, keep: (look: Look) => void = () => undefined) {
    this.id = id;
    this.#keep = keep;
  }

  get view(): ExperimentView | undefined {
    return this.#view.value;
  }

  get failure() {
    return this.#view.failure;
  }

  get isComputing(): boolean {
    return this.#view.isComputing;
  }

  /** The figures at each layer; they are asked for with {@link wantLayers}. */
  get layers(): FiguresByLayer | undefined {
    return this.#layers.value;
  }

  get layersFailure() {
    return this.#layers.failure;
  }

  /** As it stands now: the list knows of changes before the view does. */
  get summary(): ExperimentSummary | undefined {
    return experiments.withId(this.id) ?? this.view?.summary;
  }

  /** Shows another metric, aggregate or baseline. */
  show(options: ViewOptions): void {
    this.#options = options;
    if (this.#areLayersWanted) this.#layers.askNow();
    const seen = this.#seen.get(JSON.stringify(options));
    if (!seen) return this.#view.askNow();
    this.#view.drop();
    this.#view.value = seen;
    this.#view.failure = null;
  }

  /** Asks for the figures at each layer, and again with every change, as long as they are shown. */
  wantLayers(areWanted: boolean): void {
    this.#areLayersWanted = areWanted;
    if (areWanted) this.#layers.askNow();
    else this.#layers.drop();
  }

  /** The experiment has changed. */
  refresh(): void {
    this.#seen.clear();
    this.#view.refresh();
    if (this.#areLayersWanted) this.#layers.refresh();
  }

  tryAgain(): void {
    this.#view.askNow();
  }

  /** Wants no more answers. */
  close(): void {
    this.#view.drop();
    this.#layers.drop();
  }

  /** Looks at what an address names. */
  look({ detector, task, sort }: Look): void {
    this.#look = given({ detector, task, sort });
    if (this.view) this.#settle(this.view);
  }

  /** Sorts the rows where the address names another sort than the one that was last carried out. */
  #settle(view: ExperimentView): void {
    const { sort: words } = this.#look;
    if (words === this.#sorted?.words) return;
    const sort = words === undefined ? undefined : sortNamed(words, view);
    this.#sorted = sort && words !== undefined ? { words, order: sortedOrder(view, sort) } : undefined;
  }

  /** The rows in the order in which they are shown. It is the user's: results that come in move nothing. */
  get order(): readonly number[] {
    if (!this.view) return [];
    const order = this.#sorted?.order;
    return order?.length === this.view.matrix.detectors.length ? order : givenOrder(this.view);
  }

  /** What the rows are sorted by, as long as they still are. */
  get sort(): RowSort | undefined {
    const { view } = this;
    const sort = view && this.#sorted && sortNamed(this.#sorted.words, view);
    return sort && sortedOrder(view, sort).every((row, i) => row === this.order[i]) ? sort : undefined;
  }

  /** Sorts the rows, the best first; the other way round if they are sorted by that already. */
  sortBy(by: RowSort['by']): void {
    if (!this.view) return;
    const sort = { by, isBestFirst: !(this.sort?.by === by && this.sort.isBestFirst) };
    const words = sortWords(sort, this.view);
    this.#sorted = { words, order: sortedOrder(this.view, sort) };
    this.#look = { ...this.#look, sort: words };
    this.#keep(this.#look);
  }

  /** The cell whose details are shown: that of the address, else the first ranked detector's first. */
  get chosen(): CellPlace | undefined {
    const { view } = this;
    if (!view) return undefined;
    const { cells, detectors, tasks } = view.matrix;
    const { detector, task } = this.#look;
    const place = {
      row: detectors.findIndex(({ label }) => label === detector),
      column: tasks.findIndex(({ label }) => label === task),
    };
    if (place.row !== -1 && place.column !== -1) return place;
    const row = Math.max(0, detectors.findIndex(({ isSkyline }) => !isSkyline)); // prettier-ignore
    return cells[row]?.[0] ? { row, column: 0 } : undefined;
  }

  choose({ row, column }: CellPlace): void {
    const { detectors = [], tasks = [] } = this.view?.matrix ?? {};
    const [detector, task] = [detectors[row]?.label, tasks[column]?.label];
    if (detector === undefined || task === undefined) return;
    this.#look = { ...this.#look, detector, task };
    this.#keep(this.#look);
  }

  /** The table as a file. @throws CupbearerError as the call does. */
  table(format: TableFormat, spread: 'interval' | 'deviation' = 'interval'): Promise<File> {
    return client.experiments.table({ id: this.id, ...this.#options, format, spread });
  }

  /** A figure for a paper as a file. @throws CupbearerError as the call does. */
  figure(options: FigureOptions): Promise<File> {
    return client.experiments.figure({ id: this.id, ...this.#options, ...options });
  }

  /** All of it as one document, to be fetched. @throws CupbearerError as the call does. */
  report(format: ExperimentReportFormat, cells: ReportedCells): Promise<MadeFile> {
    return client.experiments.report({ id: this.id, ...this.#options, format, cells });
  }
}
