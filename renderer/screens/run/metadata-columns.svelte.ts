import { shadesBy, type PointShades } from '../../../shared/charts/point-cloud.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** What is known of a run's test samples by column, and the one that points are coloured by. */
export class MetadataColumns {
  #columns = $state.raw<readonly string[]>([]);
  #chosen = $state<string>('');
  #shades = $state.raw<ReadonlyMap<string, PointShades | CupbearerError>>(new Map());
  readonly #asked = new Set<string>();
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  get columns(): readonly string[] {
    return this.#columns;
  }

  /** A column; none colours points by their kind. */
  get chosen(): string {
    return this.#chosen;
  }

  choose(column: string): void {
    this.#chosen = column;
  }

  /** Asks for the names of the columns, once. A run whose data have gone has none. */
  async load(): Promise<void> {
    if (this.#asked.has('')) return;
    this.#asked.add('');
    try {
      this.#columns = (await client.runs.columns({ id: this.#id })).columns;
    } catch {
      this.#asked.delete('');
    }
  }

  /** The colours of these samples by the column chosen, or why there are none; undefined until they have come. */
  shadesOf(positions: Int32Array): PointShades | CupbearerError | undefined {
    return this.#shades.get(keyOf(this.#chosen, positions));
  }

  async loadShades(positions: Int32Array): Promise<void> {
    const column = this.#chosen;
    const key = keyOf(column, positions);
    if (column === '' || this.#asked.has(key)) return;
    this.#asked.add(key);
    let shades: PointShades | CupbearerError;
    try {
      const { values } = await client.runs.columnValues({ id: this.#id, column, positions: [...positions] });
      shades = shadesBy(column, values);
    } catch (error) {
      shades = toCupbearerError(error);
      this.#asked.delete(key);
    }
    this.#shades = new Map(this.#shades).set(key, shades);
  }
}

/** All layers of a run draw the same samples. */
const keyOf = (column: string, positions: Int32Array) => [column, positions.length, positions[0]].join('\n');
