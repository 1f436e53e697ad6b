import * as tf from '@tensorflow/tfjs-core';
import { elementWiseGradients } from './element-wise.ts';
import { layerGradients } from './layers.ts';
import { reductionGradients } from './reductions.ts';
import { shapeGradients } from './shapes.ts';

/**
 * Every gradient there is: the Node bundle of tfjs-core carries none, and the package's own are modules that Node
 * cannot resolve. Differentiating another kernel fails with "gradient function not found".
 */
export const gradients = [...layerGradients, ...elementWiseGradients, ...reductionGradients, ...shapeGradients];

/** Makes the gradients known to TensorFlow.js; they serve every engine. Calling it again does nothing. */
export function registerGradients(): void {
  for (const { kernelName, gradient, ...saving } of gradients)
    if (tf.getGradient(kernelName) === undefined)
      tf.registerGradient({
        kernelName,
        ...saving,
        gradFunc: (dy, saved, attrs) => gradient(dy as tf.Tensor, saved, attrs),
      });
}
