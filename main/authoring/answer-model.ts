import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { startEngine } from '../tensor/engine.ts';
import { RandomStream } from '../tensor/random.ts';
import { paramsOfDefinition, type Answering, type Asked } from './answering.ts';
import type { ModelDefinition, RunningModel } from './define-model.ts';

/** Answers what is asked of models and tasks. */
export class ModelAnswers {
  #running: RunningModel | undefined;

  async open({ definition: id, params, seed }: Asked<'open'>, { exchange, signal, find }: Answering) {
    const exported = find(['model', 'task'], id);
    const definition = exported as unknown as ModelDefinition;
    await startEngine('wasm');
    const stream = RandomStream.from(seed, 'model', id);
    const running = await definition.open(paramsOfDefinition(exported, params), { stream, signal });
    this.#running = running;
    const { layers, logits, parts, fingerprint } = running;
    const placed = Object.entries(parts).map(([name, { labels, lengths, groups, length, texts, fingerprint: own }]) => {
      const whole = (values: ArrayLike<number>): NamedTensor => ({
        shape: [values.length],
        data: Int32Array.from(values),
      });
      const arrays: Record<string, NamedTensor> = given({
        labels: labels && whole(labels),
        lengths: lengths && whole(lengths),
        groups: groups && whole(groups),
      });
      return [
        name,
        {
          length,
          fingerprint: own,
          ...given({ texts: texts && [...texts] }),
          ...exchange.write(`part-${name}`, arrays),
        },
      ];
    });
    return {
      layers: layers.map(({ name, shape, isRagged = false }) => ({ name, shape: [...shape], isRagged })),
      ...given({ logits }),
      parts: Object.fromEntries(placed) as Record<string, never>,
      fingerprint,
    };
  }

  async activations({ part, indices, layers: names, logits }: Asked<'activations'>, { exchange }: Answering) {
    if (!this.#running) throw new CupbearerError('plugin', 'Activations were asked for before a model was opened.');
    const { layers: known } = this.#running;
    const rows = exchange.read(indices).data as Int32Array;
    const found = await this.#running.activations(part, rows, names, logits);
    const tensors = names.map((name): NamedTensor => {
      const data = found.layers.get(name);
      const layer = known.find((each) => each.name === name);
      if (!data || !layer) throw new CupbearerError('plugin', `The model gave no activations of "${name}".`);
      return { shape: layer.isRagged ? raggedShape(data, layer.shape[1]!) : [rows.length, ...layer.shape], data };
    });
    const outputs = found.logits && {
      shape: [rows.length, found.logits.length / Math.max(1, rows.length)],
      data: found.logits,
    };
    const arrays: Record<string, NamedTensor> = {
      ...Object.fromEntries(tensors.map((tensor, i) => [String(i), tensor])),
      ...given({ logits: outputs }),
    };
    const placed = exchange.write('activations', arrays);
    return {
      activations: Object.fromEntries(names.map((name, i) => [name, placed[String(i)]!])),
      ...given({ logits: placed['logits'] }),
    };
  }
}

function raggedShape(data: Float32Array, width: number): number[] {
  return [data.length / width, width];
}
