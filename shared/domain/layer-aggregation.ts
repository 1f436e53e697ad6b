/**
 * How the scores of the layers become the score "all": their mean or maximum as they are; their mean after each layer was
 * standardised on held-out trusted data; `log(sum(exp))`; or one layer alone.
 */
export const layerAggregations = ['mean', 'max', 'standardised-mean', 'logsumexp', 'layer'] as const;
export type LayerAggregation = (typeof layerAggregations)[number];
