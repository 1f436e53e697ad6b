import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';
import { counted, formatCount } from '../../../shared/format.ts';
import { commandText } from '../../../shared/shell.ts';
import { slug } from '../../../shared/slug.ts';
import { settingsWords } from '../../experiments/settings-words.ts';
import { experimentResults } from '../experiment-results.ts';
import { attackBlocks } from './attacks.ts';
import { cellSections } from './cells.ts';
import { classifiers } from './classifiers.ts';
import { list, text, type Block, type ReportDocument, type Section } from './document.ts';
import { doubtsOf } from './doubts.ts';
import { publicExperiment, specText } from './embedded-spec.ts';
import { provenanceOf, reproduceBlocks } from './reproduce.ts';
import type { ExperimentReportRequest } from './request.ts';
import { figureBlock, statisticsBlocks } from './statistics.ts';
import { threatModel } from './threat-model.ts';

/** Puts the report of an experiment together. No path in it says anything of the machine that it was made on. */
export function composeReport(request: ExperimentReportRequest): ReportDocument {
  const { subject, options, experiment } = request;
  const results = experimentResults(subject, options);
  const { matrix, statistics } = results;
  const provenance = provenanceOf(subject);
  const { spec, isShortened } = publicExperiment(experiment.spec);
  const doubts = doubtsOf(results);
  const attacks = attackBlocks(subject, results);
  const done = subject.runs.filter(({ run }) => run?.status === 'done').length;
  const sections: Section[] = [
    ...(spec.question === '' ? [] : [section('question', 'Question', text(spec.question))]),
    ...(spec.notes === '' ? [] : [section('notes', 'Notes', { kind: 'notes', markdown: spec.notes })]),
    section('threat-model', 'Threat model', ...threatModel(request, results)),
    section(
      'results',
      'Results',
      ...(done < subject.runs.length
        ? [
            text(
              `${formatCount(done)} of ${counted(subject.runs.length, 'run')} are done; what is missing may change all of this.`,
            ),
          ]
        : []),
      {
        kind: 'matrix',
        matrix,
        statistics,
        options: { spread: 'interval', settings: settingsWords(spec), samples: provenance.samples },
      },
      figureBlock('matrix', results),
    ),
    section('statistics', 'Statistics', ...statisticsBlocks(subject, results)),
    ...(attacks.length > 0 ? [section('attacks', 'Where there was something to find', ...attacks)] : []),
    section(
      'doubts',
      'Doubts',
      ...(doubts.length === 0 ? [text('The checker found nothing to doubt in these results.')] : list(doubts)),
    ),
    { ...section('classifiers', 'Classifiers', ...classifiers(request, results)), isPage: true },
    ...cellSections(subject, results, options.cells),
    { ...section('repeat', 'How to repeat it', ...repeatBlocks(request, isShortened)), isPage: true },
    section('reproduce', 'What it was made with', ...reproduceBlocks(subject, provenance)),
    section('experiment', 'The experiment’s file', { kind: 'spec', text: specText(spec) }),
  ];
  return {
    title: spec.name,
    facts: [
      `${counted(matrix.detectors.length, 'detector')}, ${counted(matrix.tasks.length, 'task')}, ${counted(matrix.seeds.length, 'seed')}`,
      matrixMetrics[matrix.metric].title,
      `begun ${experiment.created_at.slice(0, 10)}`,
      `written ${new Date().toISOString().slice(0, 10)}`,
    ],
    sections: options.figures ? sections : sections.map(withoutFigures),
    colophon: `Made by Cupbearer ${[...(provenance.versions.get('cupbearer') ?? [])].join(', ')}. AUROC: chance that an anomalous sample scores above a clean one. AP: average precision. TPR at 1 % FPR: share of anomalous samples flagged while at most 1 % of the clean ones are. 0.5 is an AUROC of guessing.`,
  };
}

const section = (id: string, title: string, ...blocks: Block[]): Section => ({ id, title, blocks });

const withoutFigures = (own: Section): Section => ({
  ...own,
  blocks: own.blocks.filter(({ kind }) => kind !== 'figure'),
});

const file = 'experiment.yaml';

function repeatBlocks({ experiment: { spec } }: ExperimentReportRequest, isShortened: boolean): Block[] {
  const report = `${slug(spec.name) || 'report'}.html`;
  const commands = [
    ['npx', 'cupbearer', 'experiment', 'new', file, '--from', report],
    ['npx', 'cupbearer', 'experiment', 'run', file],
  ].map((words) => commandText(words, 'posix'));
  const given = [...spec.classifiers, ...spec.detectors].flatMap(({ run }) => (typeof run === 'string' ? [run] : []));
  return [
    text(
      `This report holds the experiment’s file. Save the report as ${report} (or .md, if it is that), take the file out of it, and compute what it names; results of the same version, engine and data are the same.`,
    ),
    { kind: 'code', language: 'sh', text: commands.join('\n') },
    ...(isShortened
      ? [text('Paths of the machine that it was made on are shortened to their last name in it; put in your own.')]
      : []),
    ...(given.length > 0
      ? [
          text(
            `It takes models or fitted detectors of runs that were there before (${given.join(', ')}); compute these first if they are not there.`,
          ),
        ]
      : []),
  ];
}
