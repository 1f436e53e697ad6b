import { misfitsOf } from '../../../shared/misfit.ts';
import { choice, flag, integer, number } from '../../../shared/schema/fields.ts';
import { couplingScores } from '../parts/coupling.ts';
import { defineDetector, networkOf, numberOf } from '../detector.ts';
import { fitGradients, largestCosines } from '../parts/gradient-coupling.ts';
import { inputsOf, logitsOf } from '../parts/predictions.ts';
import { drawSamples } from '../parts/reference-samples.ts';
import { fitTraces, largestCorrelations } from '../parts/sampled-coupling.ts';
import { checkStepSize } from '../parts/sgld.ts';

/** Parameters of the draws, of which the gradient's coupling has none. */
const whenSampled = { when: { coupling: 'sampled' } };

/**
 * How weakly an input is coupled, through the network's parameters, to any of a set of trusted reference samples
 * (Keenan et al.): minus the largest correlation of its loss with theirs when the weights move a little (influence by
 * sampling), or minus the largest cosine of their loss gradients, which is that correlation's limit for small moves.
 * -1 to 1. Losses are at the class that the network itself predicts. An input whose loss does not depend on the
 * parameters is coupled to nothing: 0.
 */
export const functionalAttribution = defineDetector({
  id: 'functional-attribution',
  title: 'Functional attribution',
  summary: 'Weak coupling of the loss, through the parameters, to every one of some trusted samples',
  dependsOnScale: 'It looks at gradients with regard to the weights, whose scale is theirs.',
  source: 'Keenan et al. 2026, arXiv 2604.18970; influence by sampling: arXiv 2509.26544',
  details: [
    'The paper: losses at the class that the network itself predicts; weights drawn by stochastic gradient Langevin',
    'dynamics (SGLD) localised at the trained ones; weak coupling to a small trusted reference set is anomalous. That is',
    '`coupling` `sampled` with `separate_layers` `false`. Each draw takes a pass of the reference samples when fitting and of',
    'every input when scoring, and is stored (4 bytes a weight); in SGLD the loss is that of the references at their own',
    'labels.',
    '',
    'Ours: the measure of weak coupling, the largest Pearson correlation with any reference (in trials of ours it did better than means of',
    'the largest or of all, and than covariances); `separate_layers`, which moves one layer while the others rest; and',
    '`coupling` `gradient`, the limit of the correlation for small moves in all directions alike: the cosine of two loss',
    'gradients, exact, without draws, and with no randomness but the choice of references. It is the default: it is what',
    'the sampled coupling estimates with noise, and takes one forward and one backward pass. `chains`, `draws`, `thinning`,',
    '`step_size`, `localisation`, `n_beta` and `batch_size` matter to `sampled` alone. Draws that follow each other too closely',
    'tell little: with a step size times localisation of 1 (the default) 200 draws and 1\u202f000 references gave AUROC 0.855 on a',
    'WaNet backdoor on MNIST (exact, with 4\u202f000 references: 0.858), with 0.01 they gave 0.667.',
    '',
    'Layer by layer is the default because it is never far behind and often far ahead: mean of the layers and all together gave AUROC',
    '0.884 and 0.898 on WaNet (MNIST), and on built-in digits 0.946 and 0.975 on a corner pixel, 0.972 and 0.875 on noise, 0.946 and 0.834 on',
    'a blended picture (docs/benchmarks.md has all of them; three seeds each).',
    '',
    "Gradients of dense layers are compared by their factors, `(delta . delta') (a . a' + 1)`; those of convolutions, of blocks of a",
    'transformer and of dense layers that run at every token are computed one sample at a time and stored whole, which is slow and',
    'large: take fewer `references` there. Directions and losses are worked out from',
    'differences of logits in float64, because in float32 the gradients of very confident samples are mostly rounding. A loss',
    'that does not depend on the parameters is coupled to nothing and scores 0.',
  ].join('\n'),
  needs: { trusted: true, gradients: true, logits: true, inputs: true },
  params: {
    coupling: choice({
      label: 'Coupling',
      help: 'gradient: cosine of loss gradients, exact; sampled: correlation of losses over weights drawn nearby',
      options: ['sampled', 'gradient'],
      default: 'gradient',
    }),
    references: integer({
      label: 'References',
      help: 'Trusted samples, drawn at random, to which an input may be coupled; all where there are fewer',
      unit: 'samples',
      default: 4000,
      min: 1,
      max: 1_000_000,
    }),
    separate_layers: flag({
      label: 'Layer by layer',
      help: "Each layer's parameters on their own; otherwise those of all layers together, under the name output",
      default: true,
    }),
    chains: integer({
      ...whenSampled,
      label: 'Chains',
      help: 'Chains of draws that start from the trained weights',
      default: 2,
      min: 1,
      max: 1000,
    }),
    draws: integer({
      ...whenSampled,
      label: 'Draws',
      help: 'Weights that each chain gives; all are stored with the detector',
      default: 100,
      min: 2,
      max: 100_000,
    }),
    thinning: integer({
      ...whenSampled,
      label: 'Thinning',
      help: 'Steps of a chain from one draw to the next',
      unit: 'steps',
      default: 1,
      min: 1,
      max: 100_000,
    }),
    step_size: number({
      ...whenSampled,
      label: 'Step size',
      help: "eps: variance of a step's noise, and twice the factor of its drift",
      default: 1e-6,
      min: 1e-15,
      max: 1,
    }),
    localisation: number({
      ...whenSampled,
      label: 'Localisation',
      help: 'gamma: pull towards the trained weights; draws stay within about 1 / sqrt(gamma) of them',
      default: 1e6,
      min: 0,
      max: 1e15,
    }),
    n_beta: number({
      ...whenSampled,
      label: 'n beta',
      help: 'Weight of the loss of the trusted samples in the drift',
      default: 1000,
      min: 0,
      max: 1e12,
    }),
    batch_size: integer({
      ...whenSampled,
      label: 'Batch size',
      help: 'Reference samples from which a step takes the gradient of the loss',
      unit: 'samples',
      default: 64,
      min: 1,
      max: 100_000,
    }),
    max_state: integer({
      label: 'Largest state',
      help: 'Refuses a detector that would store more, before anything is computed',
      unit: 'MiB',
      default: 1024,
      min: 1,
      max: 1_000_000,
    }),
  },

  misfits: ({ coupling, step_size: stepSize, localisation }) =>
    coupling === 'sampled' ? misfitsOf(['step_size'], () => checkStepSize(stepSize, localisation)) : [],

  async fit({ layers, trusted }, params, context) {
    const activations = layers.map(({ name }) => name);
    const references = await drawSamples(trusted, networkOf(context), {
      limit: params.references,
      random: context.stream.derive('references'),
    });
    const fit = params.coupling === 'gradient' ? fitGradients : fitTraces;
    const { tensors } = await fit(references, activations, params, context);
    return { tensors, values: { coupling: params.coupling, separate_layers: params.separate_layers ? 1 : 0 } };
  },

  async score(state, batch, context) {
    const samples = { ...batch, inputs: inputsOf(batch), logits: logitsOf(batch) };
    const couple = state.values['coupling'] === 'gradient' ? largestCosines : largestCorrelations;
    const separate = numberOf(state, 'separate_layers') === 1;
    return couplingScores(await couple(state, samples, [...batch.layers.keys()], separate, context));
  },
});
