import type { PluginKind } from '../../shared/plugin/manifest.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import type { Exchange } from '../plugins/exchange.ts';
import type { PlacedBatch, Question } from '../plugins/messages.ts';
import type { Exported } from './describe-definition.ts';

export type Asked<K extends Question['ask']> = Extract<Question, { ask: K }>;

/** What answers a question may use. */
export interface Answering {
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
  /** Returns the definition of one of these kinds with this id. */
  readonly find: (kinds: readonly PluginKind[], id: string) => Exported;
  /** Asks the program for the next batch of a stream. */
  readonly batch: (stream: 'trusted' | 'untrusted', restart: boolean) => Promise<PlacedBatch | null>;
}

/** The parameters of a definition, in the types of its own schema. */
export function paramsOfDefinition(definition: Exported, params: Record<string, unknown>): Record<string, unknown> {
  return parseParams(definition.params, params);
}
