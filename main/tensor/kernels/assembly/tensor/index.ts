export { sgemm, sgemmScratchBytes } from './sgemm';
export { conv2d, conv2dFilterGradient, conv2dInputGradient, convScratchBytes, convShape } from './conv';
export { maxPoolGradient } from './pool';
export { adam, sgd } from './optimizers';
export { reluGradient, sumRows } from './reduce';
export { softmaxCrossEntropy } from './loss';
