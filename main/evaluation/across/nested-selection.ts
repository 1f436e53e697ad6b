/** What was selected without a look at the unit that it is reported on. */
interface NestedChoice {
  /** The layer that does best on all other units. */
  layer: string;
}

/**
 * Returns for each unit (a seed, or a task) the layer with the highest mean figure over the other units, and by this
 * what a layer is worth that was not picked by the labels it is judged with (Cawley & Talbot 2010: selection and
 * judgement on the same data flatter). `figures[unit]` has each layer's figure; layers that not all units have do not
 * take part. Equal layers go by their order. Null where there are fewer than two units, or no layer in common.
 */
export function nestedSelection(figures: readonly ReadonlyMap<string, number>[]): NestedChoice[] | null {
  const [first] = figures;
  if (!first || figures.length < 2) return null;
  const layers = [...first.keys()].filter((layer) => figures.every((unit) => unit.has(layer)));
  if (layers.length === 0) return null;
  return figures.map((_, heldOut) => {
    const others = figures.filter((__, unit) => unit !== heldOut);
    const sum = (layer: string) => others.reduce((total, unit) => total + unit.get(layer)!, 0);
    return { layer: layers.reduce((best, layer) => (sum(layer) > sum(best) ? layer : best)) };
  });
}
