import { join } from 'node:path';
import { parseAnalysis } from '../../../../shared/domain/analysis.ts';
import { parseEvaluationFile } from '../../../../shared/domain/evaluation.ts';
import { errorRecordSchema } from '../../../../shared/domain/run.ts';
import { fromErrorRecord, toErrorRecord } from '../../../../shared/errors.ts';
import * as format from '../../../../shared/format.ts';
import { parseQuery } from '../../../../shared/query/parse-query.ts';
import { describe } from '../../../../shared/schema/describe.ts';
import { parseParams } from '../../../../shared/schema/fields.ts';
import { runRegistry } from '../../../../main/runs/index.ts';
import { flagName, parseFlags, readArguments } from '../../../../main/hosts/cli/flags.ts';
import { describeNetwork } from '../../../../main/models/describe-network.ts';
import { formDefinitions } from '../../../../main/api/drafts/form-definitions.ts';
import { drawEvaluationFigures } from '../../../../main/figures/evaluation-figures.ts';
import { parseNetworkSpec } from '../../../../main/models/files.ts';
import { checkFileName } from '../../../../main/storage/file-name.ts';
import { draftFromText } from '../../../../renderer/screens/experiment/draft-values.ts';
import { evaluateScores } from '../../../../main/evaluation/evaluate-scores.ts';
import { runSummary } from '../../../renderer/run-summary.ts';
import { specFile } from '../../../storage/run-records.ts';
import { bytesOf, jsonOf, textOf, type Parser } from '../parser.ts';
import '../without-components.ts';

// Screens name the components that draw them.
const { hrefOf, parseRoute } = await import('../../../../renderer/app/routes.ts');

const forms = formDefinitions();
const definitionsOf = (kind: string) => forms.find((registry) => registry.kind === kind)?.definitions ?? [];

const finished = runSummary({ tags: ['paper'], notes: 'words', metrics: { auroc: 0.9, ap: null }, durationMs: 1000 });

const query: Parser = {
  name: 'query',
  seeds: () => [
    bytesOf('detector:mahalanobis auroc>0.9 -tag:paper,ood "two words" duration<2min age<7d'),
    bytesOf('status:waiting is:pinned tpr>=50% seed=3 notes:"a \\" quote" foo:bar'),
  ],
  parse: (input) => {
    const { terms, matches } = parseQuery(textOf(input));
    return [terms.length, matches(finished), matches(finished, 0)];
  },
  takesAll: true,
  // The longest filter that can be saved.
  longest: 2000,
  dictionary: ['detector:', 'auroc', '>=', '!=', '"', '-', 'tag:', 'age<', '7d', '50%', ',', '\\"'],
};

const trainDetector = runRegistry.get('train-detector');

/** Words of a command line, as a shell hands them over. */
const words = (...line: string[]) => bytesOf(line.join('\0'));

const flags: Parser = {
  name: 'flags',
  seeds: () => [
    words(
      '--detector',
      'mahalanobis',
      '--detector.rcond=1e-3',
      '--task',
      'backdoor',
      '--task.run_path',
      'logs/a',
      '--seed',
      '7',
    ),
    words(
      '--task',
      'quirky-arithmetic',
      '--task.run_path',
      'x',
      '--detector.layers',
      'a,b',
      '--batch-size',
      '10',
      '--analysis',
      'no',
    ),
  ],
  parse: (input) => {
    const { words: others, flags: given } = readArguments(textOf(input).split('\0'), ['analysis']);
    const params = parseFlags(given, describe(trainDetector.params));
    return [others, parseParams(trainDetector.params, params, flagName)];
  },
  // Systems take more, but nobody types it.
  longest: 20_000,
  dictionary: ['--', '\0', '=', '.', '--detector', '--task.', 'name', '__proto__', 'constructor', 'true', '1e400'],
};

/** Numbers of any value, as they stand in files, given to all that writes numbers for people. */
const formats: Parser = {
  name: 'formats',
  seeds: () => [new Uint8Array(new Float64Array([0, 1, -1, 0.5, 1e12, NaN, Infinity, 999.5, 5e-324]).buffer)],
  parse: (input) => {
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    const texts: string[] = [];
    for (let at = 0; at + 8 <= Math.min(input.length, 160); at += 8) {
      const value = view.getFloat64(at, true);
      const bounds = { lower: value, upper: 1, one_sided: at % 16 === 0 };
      texts.push(
        format.formatMetric(value),
        format.formatPercent(value),
        format.formatParameter(value),
        format.formatInterval(bounds),
        format.formatPercentInterval(bounds),
        format.formatCount(value),
        format.formatDuration(value),
        format.formatSeconds(value),
        format.formatBytes(value),
        format.formatRelativeTime(new Date(value), new Date(0)),
      );
    }
    return texts;
  },
  wrong: (value) => (value as string[]).find((text) => typeof text !== 'string' || text === ''),
  takesAll: true,
};

const metrics = () => evaluateScores(new Float32Array([0, 1, 2, 3, 1.5, 2.5]), new Uint8Array([0, 0, 0, 1, 1, 1]));

const evalJson: Parser = {
  name: 'eval-json',
  seeds: () => [jsonOf({ all: metrics(), evaluation: { format: 1, key: 'a', task: { name: 'backdoor' } } })],
  parse: (input) => parseEvaluationFile(JSON.parse(textOf(input)), 'eval.json'),
  documents: isNoJson,
  isJson: true,
  shortRun: 300,
};

/** The figures of a run that somebody else has written, as its report has them and the window draws them. */
const drawnEvaluation: Parser = {
  ...evalJson,
  name: 'drawn-evaluation',
  parse: (input) => drawEvaluationFigures(parseEvaluationFile(JSON.parse(textOf(input)), 'eval.json')).length,
  shortRun: 60,
};

const analysisJson: Parser = {
  name: 'analysis-json',
  seeds: () => [
    jsonOf({
      format: 1,
      layers: { all: { dims: 3, components: { samples: 5, explained: [0.5, 0.2] }, variance: null } },
      score_correlation: { layers: ['a'], spearman: [[1]] },
      mistakes: {
        clean: [{ position: 0, sample_index: 1, score: 2, true_class: '3', predicted_class: null }],
        anomalous: [],
      },
    }),
  ],
  parse: (input) => parseAnalysis(JSON.parse(textOf(input)), 'analysis.json'),
  documents: isNoJson,
  isJson: true,
};

/** Whether it is `JSON.parse` that has refused an input, which the program's own readers turn into a sentence. */
function isNoJson(error: unknown): boolean {
  return error instanceof SyntaxError;
}

const modelJson: Parser = {
  name: 'model-json',
  seeds: () =>
    [
      { architecture: { name: 'mlp', hidden_dims: [4] }, input_shape: [3, 3, 1], classes: ['a', 'b'] },
      { architecture: { name: 'cnn' }, input_shape: [8, 8, 3], classes: ['a', 'b'], normalisation: { mean: [0, 0, 0], std: [1, 1, 1] } },
      { architecture: { name: 'transformer' }, input_shape: [9], classes: ['a', 'b'], vocabulary: 20 },
    ].map((spec) => jsonOf({ format: 1, parameters: 1, layers: [], ...spec })), // prettier-ignore
  parse: (input) => describeNetwork(parseNetworkSpec(JSON.parse(textOf(input)), 'model.json')),
  documents: isNoJson,
  isJson: true,
  dictionary: ['mlp', 'cnn', 'preactresnet', 'transformer', 'hidden_dims'],
};

/** Errors that another process or a file brings. */
const errorRecord: Parser = {
  name: 'error-record',
  seeds: () => [jsonOf({ code: 'crashed', message: 'It ended.', hint: 'Again.', details: { code: 1 }, stack: 'at x' })],
  parse: (input) => {
    const record = errorRecordSchema.safeParse(JSON.parse(textOf(input)));
    return record.success ? toErrorRecord(fromErrorRecord(record.data)) : undefined;
  },
  documents: isNoJson,
  isJson: true,
};

const fileName: Parser = {
  name: 'file-name',
  seeds: () => [bytesOf('layers.linear_0.output'), bytesOf('cats')],
  parse: (input) => checkFileName(textOf(input), 'Name'),
  wrong: (value) =>
    join('/base', value as string) === `/base/${value as string}` && !(value as string).includes('/')
      ? undefined
      : `"${value as string}" leads elsewhere.`,
  dictionary: ['..', '/', '\\', 'con', 'lpt1', ' ', '.', '\0', ':'],
};

const route: Parser = {
  name: 'route',
  seeds: () =>
    ['#/runs/20261123-203311-k3f9/scores', '#/new/model?from=a%20b', '#/compare/a,b', '#/datasets/x'].map(bytesOf),
  parse: (input) => hrefOf(parseRoute(textOf(input))),
  // A half of a surrogate pair cannot be encoded: no address that a browser gives has one.
  documents: (error) => error instanceof URIError,
  takesAll: true,
  dictionary: ['#/', '?from=', '%', '%00', '%ff', ',', '/runs/', '&model='],
};

/** The draft in a file that a person drops onto the wizard. */
const droppedDraft: Parser = {
  name: 'dropped-draft',
  seeds: () => [
    jsonOf({ ...specFile(), spec: { model: { name: 'mlp' }, train_data: { name: 'glyphs' } } }),
    jsonOf({
      ...specFile(),
      kind: 'detector',
      spec: { detector: { name: 'knn' }, task: { name: 'backdoor', run_path: '/a' } },
    }),
  ],
  parse: (input) => draftFromText(textOf(input), [finished], definitionsOf),
  documents: (error) => error instanceof Error && error.constructor === Error,
  isJson: true,
};

/** Parsers of texts, and of values that stand in JSON. */
export const textParsers: readonly Parser[] = [
  query,
  flags,
  formats,
  evalJson,
  drawnEvaluation,
  analysisJson,
  modelJson,
  errorRecord,
  fileName,
  route,
  droppedDraft,
];
