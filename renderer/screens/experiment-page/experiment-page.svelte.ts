import type { FigureOptions } from '../../../shared/domain/experiment-figure.ts';
import type { ExperimentReportFormat, ReportedCells } from '../../../shared/domain/experiment-report.ts';
import type { MadeFile } from '../../../shared/domain/made-file.ts';
import type { ExperimentSummary, ExperimentView, ViewOptions } from '../../../shared/domain/experiment-view.ts';
import type { TableFormat } from '../../../shared/domain/experiment-view.ts';
import { client } from '../../app/client.ts';
import { experiments } from '../../app/experiments.svelte.ts';
import { Refreshed } from '../../app/refreshed.svelte.ts';
import { givenOrder, sortedOrder, type RowSort } from './row-order.ts';

/** At most one view a second, however fast runs end. */
const pauseMs = 1000;

/** A cell of the matrix by its places in the results, in whatever order the rows are shown. */
export interface CellPlace {
  row: number;
  column: number;
}

/** One experiment: its results as far as they are there, kept up to date, and what of them is looked at. */
export class ExperimentPage {
  readonly id: string;
  #options: ViewOptions = { metric: 'auroc' };
  readonly #view = new Refreshed<ExperimentView>(
    (signal) => client.experiments.view({ id: this.id, ...this.#options }, { signal }),
    pauseMs,
  );
  /** The cell whose details are shown; the first ranked detector's first until one is chosen. */
  #chosen = $state.raw<CellPlace>();
  #sort = $state.raw<{ sort: RowSort; order: readonly number[] }>();

  constructor(id: string) {
    this.id = id;
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

  /** As it stands now: the list knows of changes before the view does. */
  get summary(): ExperimentSummary | undefined {
    return experiments.withId(this.id) ?? this.view?.summary;
  }

  /** Shows another metric or baseline. */
  show(options: ViewOptions): void {
    this.#options = options;
    this.#view.askNow();
  }

  /** The experiment has changed. */
  refresh(): void {
    this.#view.refresh();
  }

  tryAgain(): void {
    this.#view.askNow();
  }

  /** Wants no more answers. */
  close(): void {
    this.#view.drop();
  }

  /** The rows in the order in which they are shown. It is the user's: results that come in move nothing. */
  get order(): readonly number[] {
    if (!this.view) return [];
    const order = this.#sort?.order;
    return order?.length === this.view.matrix.detectors.length ? order : givenOrder(this.view);
  }

  /** What the rows are sorted by, as long as they still are. */
  get sort(): RowSort | undefined {
    const { view } = this;
    const sort = this.#sort?.sort;
    return view && sort && sortedOrder(view, sort).every((row, i) => row === this.order[i]) ? sort : undefined;
  }

  /** Sorts the rows, the best first; the other way round if they are sorted by that already. */
  sortBy(by: RowSort['by']): void {
    if (!this.view) return;
    const sort = { by, isBestFirst: !(this.sort?.by === by && this.sort.isBestFirst) };
    this.#sort = { sort, order: sortedOrder(this.view, sort) };
  }

  get chosen(): CellPlace | undefined {
    const { view } = this;
    if (!view) return undefined;
    const { cells, detectors } = view.matrix;
    if (this.#chosen && cells[this.#chosen.row]?.[this.#chosen.column]) return this.#chosen;
    const row = Math.max(0, detectors.findIndex(({ isSkyline }) => !isSkyline)); // prettier-ignore
    return cells[row]?.[0] ? { row, column: 0 } : undefined;
  }

  choose(place: CellPlace): void {
    this.#chosen = place;
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
