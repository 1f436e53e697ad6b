/** A word that is explained wherever it appears, in one line. */
interface GlossaryEntry {
  term: string;
  explanation: string;
}

const entries = {
  importContract: {
    term: 'Import contract',
    explanation:
      'How the activations were made, by activations.json beside the files: model, layers, prompt template and what else changes their values.',
  },
  auroc: {
    term: 'AUROC',
    explanation:
      'Chance that an anomalous sample scores above a clean one: 0.5 is guessing, 1 tells them apart without a mistake.',
  },
  ap: {
    term: 'AP',
    explanation:
      'Average precision: precision averaged over all thresholds. Guessing gives the share of anomalous samples, 1 is perfect.',
  },
  tprAtFpr1: {
    term: 'TPR at FPR 1 %',
    explanation: 'Share of anomalous samples that are flagged while at most 1 % of the clean ones are.',
  },
  tprAtFpr5: {
    term: 'TPR at FPR 5 %',
    explanation: 'Share of anomalous samples that are flagged while at most 5 % of the clean ones are.',
  },
  fprAtTpr95: {
    term: 'FPR at TPR 95 %',
    explanation: 'Share of clean samples that are flagged by mistake when 95 % of the anomalous ones are found.',
  },
  tpr: { term: 'TPR', explanation: 'True positive rate: share of the anomalous samples that are flagged.' },
  fpr: { term: 'FPR', explanation: 'False positive rate: share of the clean samples that are flagged by mistake.' },
  precision: { term: 'Precision', explanation: 'Share of the flagged samples that are anomalous.' },
  recall: { term: 'Recall', explanation: 'Share of the anomalous samples that are flagged; another name of TPR.' },
  threshold: { term: 'Threshold', explanation: 'Samples that score at least this are flagged.' },
  score: { term: 'Score', explanation: 'How unusual the detector finds a sample: higher is more anomalous.' },
  classProbability: {
    term: 'Probability',
    explanation:
      'How likely the model takes the sample to be of the class: the softmax of its logits, 100\u00a0% together.',
  },
  rank: {
    term: 'Rank',
    explanation: 'Place of a sample among all test samples by its score; 1 is the most anomalous.',
  },
  scores: {
    term: 'Scores',
    explanation:
      'How many test samples got which score, clean and anomalous ones apart: the less they overlap, the better they are told apart.',
  },
  mistakes: {
    term: 'Worst mistakes',
    explanation:
      'Clean samples that are flagged, the highest scores first, and anomalous ones that are not, the lowest first.',
  },
  scoreScatter: {
    term: 'Sample by sample',
    explanation: 'Each test sample by the scores that two runs give it: far from the common course, they disagree.',
  },
  sampleIndex: { term: 'Sample', explanation: 'Place of the sample in its dataset, counted from 0.' },
  kind: { term: 'Kind', explanation: 'Whether the sample has what the detector should find.' },
  trueClass: { term: 'True class', explanation: 'Class that the sample had before anything was done to it.' },
  predictedClass: { term: 'Predicted', explanation: 'Class that the model gives the sample as it was scored.' },
  interval: {
    term: '95 % interval',
    explanation: 'Range that would hold the true figure in 95 of 100 repetitions with new test samples.',
  },
  roc: {
    term: 'ROC',
    explanation: 'Share of anomalous samples found against share of clean ones flagged, over all thresholds.',
  },
  pr: {
    term: 'Precision and recall',
    explanation: 'How right the flags are against how much they find, over all thresholds.',
  },
  delong: {
    term: 'Paired DeLong test',
    explanation:
      'Whether two AUROCs on the same samples differ by more than chance: p is how often chance alone would do that.',
  },
  pairedDifferences: {
    term: 'Paired differences',
    explanation:
      'Differences on the same test samples, and over several seeds on the same seeds: what is hard for both does not blur them. p is corrected by Holm for all pairs shown.',
  },
  forest: {
    term: 'Forest plot',
    explanation:
      'Each difference to one baseline with its 95 % interval. Filled marks are beyond chance after correcting for all pairs shown.',
  },
  spearman: {
    term: 'Rank correlation',
    explanation:
      'Spearman: 1 where two scores put the samples in the same order, 0 where they have nothing to do with each other.',
  },
  cleanAccuracy: {
    term: 'Clean accuracy',
    explanation: 'Share of untouched test samples that the model classifies rightly.',
  },
  attackSuccess: {
    term: 'Attack success',
    explanation:
      'Share of triggered test samples, those of the target class left out, that the model gives the class the attacker wants.',
  },
  aurocSuccessful: {
    term: 'AUROC on successful attacks',
    explanation:
      'AUROC over all clean samples and those anomalous ones on which the attack succeeded: one that failed may have left nothing to find.',
  },
  aurocOtherClasses: {
    term: 'AUROC without the target class',
    explanation:
      'AUROC without the samples, clean and anomalous, that were of the class the attacker wants anyway: on those there was nothing to attack.',
  },
  poisonShare: {
    term: 'Poison share',
    explanation:
      'Share of anomalous samples among the untrusted ones that the model takes for the class with the most of them. Methods that clean training data expect it to be well below a half.',
  },
  loss: {
    term: 'Loss',
    explanation: 'What training makes small: cross-entropy between predictions and labels, averaged over an epoch.',
  },
  accuracy: { term: 'Accuracy', explanation: 'Share of samples that the model classifies rightly.' },
  epoch: { term: 'Epoch', explanation: 'One pass over all training samples.' },
  task: { term: 'Task', explanation: 'Which data are trusted, which are suspicious, and what counts as an anomaly.' },
  detector: {
    term: 'Detector',
    explanation: 'Method that learns from activations what is normal and scores how far a sample is from it.',
  },
  trigger: {
    term: 'Trigger',
    explanation: 'Pattern put into samples that makes a backdoored model give the class the attacker wants.',
  },
  trusted: {
    term: 'Trusted data',
    explanation: 'Samples known to be clean; detectors learn from them what is normal.',
  },
  untrusted: { term: 'Untrusted data', explanation: 'Samples that may hold anomalies; which of them do is not told.' },
  clean: { term: 'Clean', explanation: 'A sample without the anomaly that is looked for.' },
  anomalous: {
    term: 'Anomalous',
    explanation: 'A sample with what the detector should find: a trigger, an attack, another origin.',
  },
  activation: {
    term: 'Activation',
    explanation: 'What a layer of the model gives for a sample: the numbers that detectors look at.',
  },
  layer: { term: 'Layer', explanation: 'A step of the model; detectors score each one by itself and all together.' },
  aggregation: { term: 'All layers', explanation: 'The scores of the layers joined into one for each sample.' },
  layerAuroc: {
    term: 'AUROC per layer',
    explanation:
      'How well the scores of each layer alone tell anomalous samples from clean ones, with the 95 % interval: 0.5 is guessing, 1 is without a mistake.',
  },
  variance: {
    term: 'Variance of the activations',
    explanation:
      'Which share of the spread lies between the predicted classes, which between clean and anomalous samples of a class, and which within.',
  },
  plane: {
    term: 'Activations',
    explanation:
      'Test samples along the two directions in which the clean activations vary most (PCA): what lies apart here is easy to tell apart.',
  },
  training: {
    term: 'Training',
    explanation: 'How the loss fell and the shares rose from epoch to epoch.',
  },
  components: {
    term: 'Principal components',
    explanation:
      'The directions in which the clean activations vary most; the figure shows how much of the variance they hold.',
  },
  parameters: { term: 'Parameters', explanation: 'Numbers that training adjusts.' },
  seed: { term: 'Seed', explanation: 'Start of all random choices: the same seed gives the same numbers again.' },
  fingerprint: {
    term: 'Fingerprint',
    explanation: 'SHA-256 over a file or a dataset: the same fingerprint means the same content.',
  },
  engine: {
    term: 'Engine',
    explanation: 'What does the arithmetic: the processor through WebAssembly, a graphics card, or TensorFlow.',
  },
  checksum: {
    term: 'SHA-256',
    explanation: 'Checksum of a file: a download is kept only where it is the expected one.',
  },
} as const satisfies Record<string, GlossaryEntry>;

export type TermId = keyof typeof entries;

/** What the words of the field mean; every figure that is shown has its explanation here. */
export const glossary: Readonly<Record<TermId, GlossaryEntry>> = entries;
