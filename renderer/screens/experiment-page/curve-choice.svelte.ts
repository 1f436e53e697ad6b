/** Lines that can be told apart by colour and dash. */
export const mostLines = 8;

/** Which detectors curves are drawn of: each keeps its colour and dash in all panels, and while others come and go. */
export class CurveChoice {
  #slots = $state.raw<readonly (string | null)[]>([]);

  /** Takes as many of the names as there are colours, unless some of them were chosen before. */
  constructor(names: readonly string[]) {
    this.#slots = Array.from({ length: mostLines }, (_, i) => names[i] ?? null);
  }

  /** The place of a detector among colours and dashes; undefined where it is not drawn. */
  seriesOf(name: string): number | undefined {
    const place = this.#slots.indexOf(name);
    return place === -1 ? undefined : place;
  }

  get isFull(): boolean {
    return !this.#slots.includes(null);
  }

  /** Draws a detector, or leaves it out; nothing where all colours are taken. */
  toggle(name: string): void {
    const place = this.seriesOf(name) ?? this.#slots.indexOf(null);
    if (place === -1) return;
    this.#slots = this.#slots.with(place, this.#slots[place] === name ? null : name);
  }
}
