import { Registry } from '../../shared/definition.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { evalDetector } from './eval-detector.ts';
import type { ParsedSpec } from './parsed-spec.ts';
import { withAbsolutePaths } from './paths.ts';
import type { RunContext, RunDefinition, RunOutcome } from './run-definition.ts';
import { trainClassifier } from './train-classifier.ts';
import { trainDetector } from './train-detector.ts';

/** All kinds of runs; each is a command of the CLI. */
export const runRegistry = new Registry<RunDefinition>('command', [trainClassifier, trainDetector, evalDetector]);

const byKind: { readonly [Kind in RunKind]: RunDefinition<Kind> } = {
  classifier: trainClassifier,
  detector: trainDetector,
  evaluation: evalDetector,
};

/** How runs of a kind are made. */
export function runDefinitionOf<Kind extends RunKind>(kind: Kind): RunDefinition<Kind> {
  return byKind[kind];
}

/** The folder that relative paths start from, and how to name a parameter for the user. */
interface ParseOptions {
  workingDir?: string | undefined;
  name?: ((path: readonly PropertyKey[]) => string) | undefined;
}

/**
 * Parses the parameters of a kind of run.
 * @throws CupbearerError `usage` with one sentence per fault, each naming its parameter.
 */
export function parseSpec<Kind extends RunKind>(
  kind: Kind,
  params: unknown,
  { workingDir = process.cwd(), name }: ParseOptions = {},
): ParsedSpec<Kind> {
  const { params: schema } = runDefinitionOf(kind);
  // The schema of the kind has parsed the parameters; nothing else creates a parsed spec.
  return {
    kind,
    params: parseParams(schema, withAbsolutePaths(schema, params, workingDir), name),
  } as unknown as ParsedSpec<Kind>;
}

/** One line for lists: "mlp on mnist, corner pixel trigger". */
export function describeRun<Kind extends RunKind>({ kind, params }: ParsedSpec<Kind>): string {
  return byKind[kind].describe(params);
}

/** Folders of the runs that this one builds on. */
export function parentsOfRun<Kind extends RunKind>({ kind, params }: ParsedSpec<Kind>): string[] {
  return byKind[kind].parents(params);
}

/** Refuses what can be seen to be impossible before anything is loaded, out of `dataDir`, or written. @throws CupbearerError. */
export function checkRun<Kind extends RunKind>(
  { kind, params }: ParsedSpec<Kind>,
  { dataDir }: { dataDir: string },
): void {
  byKind[kind].check(params, dataDir);
}

/** Does a run in this process. @throws CupbearerError. */
export function doRun<Kind extends RunKind>(
  { kind, params }: ParsedSpec<Kind>,
  context: RunContext,
): Promise<RunOutcome> {
  return byKind[kind].run(params, context);
}
