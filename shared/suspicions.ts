import {
  accuracyDoubt,
  attackDoubt,
  oneClassDoubt,
  oneClassTestDoubt,
  type ClassifierFigures,
} from './classifier-doubts.ts';
import type { AttackAim } from './domain/evaluation.ts';
import type { Suspicion } from './domain/suspicion.ts';
import type { UsualAccuracy } from './domain/usual-accuracy.ts';
import { formatCount, formatInterval, formatMetric, formatPercent } from './format.ts';
import type { Scores } from './scores/ranked-scores.ts';

/** What is known of a run, or of a cell over its seeds; leave out what is not. */
export interface ResultFacts {
  attack?: {
    /** What it is for: the label of a backdoor, or any mistake, as of adversarial examples. */
    aim: AttackAim;
    /** Share of attacks that succeed, 0 to 1. */
    success: number;
    /**
     * Share of clean samples on which the classifier does the same anyway: takes those of other classes for the target,
     * or is mistaken.
     */
    cleanRate?: number;
  };
  classifier?: ClassifierFigures & {
    /** What its architecture usually reaches on this data. */
    usual?: UsualAccuracy | undefined;
  };
  /** Of the aggregate, with the 95 % interval and the sizes of the test. */
  detection?: { auroc: number; lower: number; upper: number; clean: number; anomalous: number };
  scores?: ScoreTies;
  /** Test samples whose content is also among the data that the detector or the classifier has seen. */
  overlap?: number;
  /** What marks the anomalous samples in training and in the test, in words. */
  triggers?: { trained: string; tested: string };
}

/** Fewer of a kind than this cannot show much. */
const few = 30;

/** Whether a test has so few samples that a result that looks like guessing may be due to that alone. */
export function hasFewSamples({ clean, anomalous }: { clean: number; anomalous: number }): boolean {
  return Math.min(clean, anomalous) < few;
}

/** Scores of which this share is one number rank little. */
const mostEqual = 0.5;

/**
 * Returns what makes a result doubtful, gravest first: what is wrong with the attack and the classifier, with the test,
 * and with the scores. What is not known is not judged.
 */
export function suspicions(facts: ResultFacts): Suspicion[] {
  return [
    ofAttack(facts),
    ofTriggers(facts),
    ofPredictions(facts),
    ofAccuracy(facts),
    ofClasses(facts),
    ofOverlap(facts),
    ofScores(facts),
    ofDirection(facts),
    ofSamples(facts),
  ].filter((suspicion) => suspicion !== null);
}

function ofAttack({ attack }: ResultFacts): Suspicion | null {
  if (!attack) return null;
  const { aim, success, cleanRate } = attack;
  const isBackdoor = aim === 'label';
  const remedy = isBackdoor
    ? 'Poison more of the training data, make the trigger stronger or train longer; until then the figures do not say how well attacks are found.'
    : 'Let the attack change more or take more steps; until then the figures do not say how well attacks are found.';
  const doubt = attackDoubt(success);
  if (doubt !== null)
    return {
      id: 'attack-fails',
      sentence: isBackdoor
        ? plain(doubt)
        : `The attack fails: it brings the classifier to a mistake on ${formatPercent(success)} of the samples only.`,
      remedy,
    };
  if (cleanRate === undefined || success > cleanRate) return null;
  return {
    id: 'attack-without-effect',
    sentence: isBackdoor
      ? `The trigger changes nothing: ${formatPercent(success)} of the attacked samples are taken for the target class, and ${formatPercent(cleanRate)} of the clean ones of other classes.`
      : `The attack changes nothing: the classifier is mistaken on ${formatPercent(success)} of the attacked samples, and on ${formatPercent(cleanRate)} of the clean ones.`,
    remedy,
  };
}

function ofTriggers({ triggers }: ResultFacts): Suspicion | null {
  if (!triggers || triggers.trained === triggers.tested) return null;
  return {
    id: 'other-trigger',
    sentence: `The model was trained with another trigger (${triggers.trained}) than it is tested with (${triggers.tested}).`,
    remedy:
      'Test with the trigger of the training data, unless detecting a trigger that the model does not know is the question.',
  };
}

function ofPredictions({ classifier = {} }: ResultFacts): Suspicion | null {
  const doubt = oneClassDoubt(classifier);
  if (doubt === null) return null;
  return {
    id: 'one-class',
    sentence: plain(doubt),
    remedy: 'Look at its training curve: train longer, or with a smaller learning rate.',
  };
}

function ofAccuracy({ classifier = {} }: ResultFacts): Suspicion | null {
  const { accuracy, usual } = classifier;
  // That it always gives the same answer says why it is right on so few.
  if (accuracy === undefined || oneClassDoubt(classifier) !== null) return null;
  const doubt = accuracyDoubt(classifier);
  const remedy =
    'Train longer, or look at its training curve: what is found in a model that has not learnt its task says little.';
  if (doubt !== null) return { id: 'learnt-nothing', sentence: plain(doubt), remedy };
  // Half as many mistakes again is the spread of seeds where there are few mistakes; never less than 5 % of the
  // samples.
  if (usual === undefined || accuracy >= usual.accuracy - Math.max(0.05, (1 - usual.accuracy) / 2)) return null;
  return {
    id: 'accuracy-below-usual',
    sentence: `The classifier is right on ${formatPercent(accuracy)} of the clean samples, far below the usual ${formatPercent(usual.accuracy)} (${usual.source}).`,
    remedy,
  };
}

function ofClasses({ classifier = {} }: ResultFacts): Suspicion | null {
  const doubt = oneClassTestDoubt(classifier);
  if (doubt === null) return null;
  return { id: 'one-class-test', sentence: plain(doubt), remedy: 'Take test data with samples of all classes.' };
}

function ofOverlap({ overlap = 0 }: ResultFacts): Suspicion | null {
  if (overlap === 0) return null;
  return {
    id: 'overlap',
    sentence: `${formatCount(overlap)} test ${overlap === 1 ? 'sample is' : 'samples are'} also among the data that the detector or the classifier has seen.`,
    remedy: 'Take other test data, or remove these samples from the test.',
  };
}

function ofScores({ scores }: ResultFacts): Suspicion | null {
  if (!scores) return null;
  if (scores.distinct === 1)
    return {
      id: 'constant-scores',
      sentence: 'All samples have the same score.',
      remedy: 'Look at the detector’s parameters and at the activations of its layers: it tells nothing apart.',
    };
  if (scores.largestShare < mostEqual) return null;
  return {
    id: 'equal-scores',
    sentence: `${formatPercent(scores.largestShare)} of the samples have the same score.`,
    remedy: 'Look at the detector’s parameters: ties count half, so that figures are drawn towards guessing.',
  };
}

function ofDirection({ detection }: ResultFacts): Suspicion | null {
  if (!detection || detection.upper >= 0.5) return null;
  return {
    id: 'wrong-way',
    sentence: `Clean samples score higher than anomalous ones: ${aurocText(detection)}.`,
    remedy:
      'Check the sign of the score, and that the trusted data are clean. Turning the sign round after seeing the labels is no result.',
  };
}

function ofSamples({ detection }: ResultFacts): Suspicion | null {
  if (!detection) return null;
  const { clean, anomalous, lower, upper } = detection;
  if (!hasFewSamples({ clean, anomalous }) || lower > 0.5 || upper < 0.5) return null;
  return {
    id: 'few-samples',
    sentence: `Too few samples to tell: ${formatCount(clean)} clean and ${formatCount(anomalous)} anomalous, ${aurocText(detection)}.`,
    remedy: 'Test with more samples of either kind.',
  };
}

const aurocText = ({ auroc, lower, upper }: NonNullable<ResultFacts['detection']>) =>
  `AUROC ${formatMetric(auroc)} (${formatInterval({ lower, upper, one_sided: false })})`;

/** Sentences that other pages show too mark what the eye should land on. */
const plain = (sentence: string) => sentence.replaceAll('**', '');

/** How much scores are alike. */
interface ScoreTies {
  /** How many different scores there are. */
  distinct: number;
  /** The share of samples that have the most frequent one, 0 to 1. */
  largestShare: number;
}

/** Returns how much scores `[n]` are alike; n is at least 1. */
export function scoreTies(scores: Scores): ScoreTies {
  const counts = new Map<number, number>();
  for (const score of scores) counts.set(score, (counts.get(score) ?? 0) + 1);
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return { distinct: counts.size, largestShare: most / scores.length };
}
