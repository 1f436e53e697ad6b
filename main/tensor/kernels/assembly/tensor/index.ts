export { sgemm, sgemmInParts, sgemmScratchBytes } from './sgemm';
export { addFilters, conv2d, conv2dFilterGradient, conv2dInputGradient, convScratchBytes } from './conv';
export { maxPool, maxPoolGradient } from './pool';
export { adam, sgd } from './optimizers';
export { relu, reluGradient, sumRows } from './reduce';
export { softmaxCrossEntropy } from './loss';
export { keepNearest } from './nearest';
