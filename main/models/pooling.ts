import { CupbearerError } from '../../shared/errors.ts';
import type { Shape } from './modules.ts';

/** How a feature map `[n, height, width, channels]` becomes one vector a sample. */
type Pooling = 'mean' | 'max' | 'none';

/** How the tokens of a text, `[n, length, width]`, become one vector a sample; `each` leaves every token a vector of its own. */
type TokenPooling = 'last' | Pooling | 'each';

/** How activations of more than one axis become vectors. */
export interface PoolingOptions {
  pooling: Pooling;
  /** The last token unless given. */
  tokens?: TokenPooling;
  /** One token, counted from 0, in place of what `tokens` says. */
  token_position?: number | undefined;
}

/** What pooling must know of a source's activations; `SourceOutline` says what these are. */
interface ActivationShapes {
  activationShape(name: string): Shape;
  isRagged(name: string): boolean;
}

/**
 * Length of a vector at the named activation, after pooling: of a sample, or of a token with tokens `each`.
 * @throws CupbearerError `usage` if a token is asked for beyond the end of the texts, or texts of several lengths would be joined.
 */
export function activationDims(source: ActivationShapes, name: string, options: PoolingOptions): number {
  const shape = source.activationShape(name);
  const { pooling, tokens = 'last', token_position: position } = options;
  if (shape.length === 3 && pooling !== 'none') return shape[2]!;
  if (shape.length === 2 && position !== undefined && position >= shape[0]!) {
    throw new CupbearerError(
      'usage',
      `Expected a token position of 0 to ${shape[0]! - 1} at ${name}, found ${position}.`,
    );
  }
  if (shape.length === 2 && (tokens !== 'none' || position !== undefined)) return shape[1]!;
  if (source.isRagged(name)) {
    throw new CupbearerError(
      'usage',
      `The tokens at ${name} cannot be joined into one vector: samples have different numbers of them.`,
    );
  }
  return shape.reduce((product, size) => product * size, 1);
}

/** Names what pooling does to an activation of the named source; parameters that do nothing to one of its shape are not in it. */
export function pooledAs(source: ActivationShapes, name: string, options: PoolingOptions): string {
  const { length: rank } = source.activationShape(name);
  if (rank === 3) return options.pooling;
  if (rank !== 2) return 'none';
  if (options.token_position !== undefined) return `token ${options.token_position}`;
  const { tokens = 'last' } = options;
  return tokens === 'each' ? 'none' : tokens;
}
