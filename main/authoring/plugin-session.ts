import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { Exchange } from '../plugins/exchange.ts';
import { encodeFrame, FrameReader } from '../plugins/frames.ts';
import { protocolVersion, question, type Answer, type PlacedBatch, type Question } from '../plugins/messages.ts';
import type { ModelAnswers } from './answer-model.ts';
import type { Answering, Asked } from './answering.ts';
import type { DetectorAnswers } from './answer-detector.ts';
import { definitionsOf, describeDefinition, kindOf, type Exported } from './describe-definition.ts';
import { findFault } from './find-fault.ts';
import { resolvePluginModules } from './plugin-modules.ts';
import { onProgress } from './report-progress.ts';

type Unnumbered = Answer extends infer A ? (A extends { id: number } ? Omit<A, 'id'> : never) : never;

/** A file descriptor for answers. */
const answers = 4;

/** One conversation with the program, as a plugin's process has it. */
export class PluginSession {
  readonly #folder: string;
  readonly #reader = new FrameReader();
  #hello: Asked<'hello'> | undefined;
  #exchange: Exchange | undefined;
  #definitions: Promise<Exported[]> | undefined;
  #current:
    { id: number; controller: AbortController; take: ((batch: PlacedBatch | null) => void) | undefined } | undefined;
  #detector: Promise<DetectorAnswers> | undefined;
  #model: Promise<ModelAnswers> | undefined;

  /** `folder` is the author's, with the packages that were installed there. */
  constructor(folder: string) {
    this.#folder = folder;
    onProgress((phase, done, total) => this.#send({ say: 'progress', phase: phase.slice(0, 100), done, total }));
  }

  /** Takes bytes of the program's. Without a program that keeps to the protocol there is nothing to do. */
  take(chunk: Uint8Array): void {
    try {
      for (const message of this.#reader.push(chunk)) this.#hear(question.parse(message));
    } catch (error) {
      process.stderr.write(`The program's message could not be read. ${String(error)}\n`);
      process.exit(1);
    }
  }

  #hear(asked: Question): void {
    if (asked.ask === 'cancel') {
      if (this.#current?.id === asked.of) this.#current.controller.abort(cancelled());
      return;
    }
    if (asked.ask === 'take') {
      this.#current?.take?.(asked.batch);
      return;
    }
    const controller = new AbortController();
    this.#current = { id: asked.id, controller, take: undefined };
    const answered = this.#answer(asked, controller.signal);
    const stopped = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true });
    });
    Promise.race([answered, stopped]).then(
      (reply) => this.#send({ id: asked.id, ...reply }),
      (error: unknown) => this.#send({ id: asked.id, error: findFault(error, this.#hello?.folder ?? this.#folder) }),
    );
    answered.catch(() => undefined);
  }

  async #answer(asked: Exclude<Question, { ask: 'cancel' | 'take' }>, signal: AbortSignal): Promise<Unnumbered> {
    switch (asked.ask) {
      case 'hello':
        return this.#greet(asked);
      case 'describe':
        return { definitions: (await this.#load()).map(describeDefinition) };
      case 'fit':
        return { state: await (await this.#detectors()).fit(asked, await this.#answering(signal)) };
      case 'load':
        await (await this.#detectors()).load(asked, await this.#answering(signal));
        return { loaded: true };
      case 'score':
        return { scores: await (await this.#detectors()).score(asked, await this.#answering(signal)) };
      case 'dataset': {
        const { answerDataset } = await import('./answer-data.ts');
        return { dataset: await answerDataset(asked, await this.#answering(signal)) };
      }
      case 'trigger': {
        const { answerTrigger } = await import('./answer-data.ts');
        return answerTrigger(asked, await this.#answering(signal));
      }
      case 'open':
        return { opened: await (await this.#models()).open(asked, await this.#answering(signal)) };
      case 'activations':
        return (await this.#models()).activations(asked, await this.#answering(signal));
    }
  }

  #greet(asked: Asked<'hello'>): Unnumbered {
    this.#hello = asked;
    this.#exchange = new Exchange(asked.exchange);
    resolvePluginModules(asked.folder, this.#folder);
    return {
      hello: {
        protocol: protocolVersion,
        language: 'typescript',
        version: process.versions.node,
        executable: process.execPath,
        packages: { threads: String(availableParallelism()) },
      },
    };
  }

  /** Loads the entry file, once. */
  #load(): Promise<Exported[]> {
    this.#definitions ??= (async () => {
      const { folder, entry } = this.#greeted();
      const url = pathToFileURL(join(folder, entry)).href;
      return definitionsOf((await import(url)) as Record<string, unknown>);
    })();
    return this.#definitions;
  }

  /** Loads what answers for detectors, which takes longer than all else. */
  #detectors() {
    this.#detector ??= import('./answer-detector.ts').then(({ DetectorAnswers }) => new DetectorAnswers());
    return this.#detector;
  }

  #models() {
    this.#model ??= import('./answer-model.ts').then(({ ModelAnswers }) => new ModelAnswers());
    return this.#model;
  }

  async #answering(signal: AbortSignal): Promise<Answering> {
    const definitions = await this.#load();
    this.#greeted();
    return {
      exchange: this.#exchange!,
      signal,
      find: (kinds, id) => {
        const found = definitions.find((definition) => definition.id === id && kinds.includes(kindOf(definition)));
        if (found) return found;
        throw new CupbearerError('plugin', `The entry file exports no ${kinds.join(' or ')} "${id}".`);
      },
      batch: (stream, restart) => this.#batch(stream, restart),
    };
  }

  #batch(stream: 'trusted' | 'untrusted', restart: boolean): Promise<PlacedBatch | null> {
    const current = this.#current!;
    if (current.take) throw new CupbearerError('plugin', 'A batch was asked for while another one was awaited.');
    return new Promise((resolve, reject) => {
      if (current.controller.signal.aborted) return reject(cancelled());
      current.take = (batch) => {
        current.take = undefined;
        resolve(batch);
      };
      this.#send({ call: 'batch', of: current.id, stream, restart });
    });
  }

  #greeted(): Asked<'hello'> {
    if (this.#hello) return this.#hello;
    throw new CupbearerError('plugin', 'Something was asked before the versions were compared.');
  }

  #send(message: Answer): void {
    const frame = encodeFrame(given(message));
    for (let done = 0; done < frame.length;) {
      try {
        done += writeSync(answers, frame, done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') continue;
        // The program is gone.
        process.exit();
      }
    }
  }
}

function cancelled(): CupbearerError {
  return new CupbearerError('cancelled', 'It was cancelled.');
}
