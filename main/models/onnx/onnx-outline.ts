import { unknownName } from '../../../shared/definition.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { SourceOutline } from '../activation-source.ts';
import type { Shape } from '../modules.ts';
import type { OnnxModel } from './description.ts';

/** What is known of a model that is an ONNX graph from its description alone. */
export class OnnxOutline implements SourceOutline {
  readonly model: OnnxModel;
  readonly network = undefined;
  /** ONNX has no operations for gradients that ONNX Runtime would compute. */
  readonly isDifferentiable = false;
  readonly #layers: ReadonlyMap<string, OnnxModel['layers'][number]>;

  constructor(model: OnnxModel) {
    this.model = model;
    this.#layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  }

  get activationNames(): readonly string[] {
    return [...this.#layers.keys()];
  }

  get defaultActivations(): readonly string[] {
    return this.model.default_layers;
  }

  get classOutput(): string {
    return this.model.graph.output;
  }

  get classes(): readonly string[] {
    return this.model.classes;
  }

  get inputShape(): Shape {
    return this.model.input_shape;
  }

  get outputWidth(): number {
    return this.model.classes.length;
  }

  activationShape(name: string): Shape {
    return this.layer(name).shape;
  }

  isRagged(): boolean {
    return false;
  }

  /** @throws CupbearerError `usage` with the list of names if there is no such layer. */
  protected layer(name: string): OnnxModel['layers'][number] {
    const layer = this.#layers.get(name);
    if (layer) return layer;
    throw new CupbearerError('usage', unknownName('layer', name, this.activationNames));
  }
}
