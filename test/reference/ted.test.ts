import { expect, it } from 'vitest';
import { doubles, type DetectorState } from '../../main/detectors/detector.ts';
import { ted } from '../../main/detectors/methods/ted.ts';
import {
  describeReference,
  entry,
  expectNear,
  expectScores,
  featuresOf,
  fit,
  layerNames,
  score,
} from './reference-set.ts';

interface Pca {
  scaler_mean: number[];
  scaler_scale: number[];
  components: number[][];
  explained_variance_ratio: number[];
}

describeReference('ted', () => {
  it.each(['ted', 'ted_normalized_max'])('%s', async (name) => {
    const expected = entry(name);
    const { n_neighbors, score_aggregation, normalize_ranks } = expected.settings;
    const features = featuresOf();
    const state = await fit(ted, { n_neighbors, score_aggregation, compat: true }, features);
    const tensors: DetectorState['tensors'] = { ...state.tensors };
    // Ranks are standardised, so dividing them by their number first changes nothing but the scaler.
    const unit = normalize_ranks ? features.trusted!.length - 1 : 1;
    for (const layer of layerNames) {
      const pca = (expected['pca'] as Record<string, Pca>)[layer]!;
      expectNear(
        doubles(state, `${layer}/mean`),
        pca.scaler_mean.map((value) => value * unit),
        1e-6,
      );
      expectNear(
        doubles(state, `${layer}/scale`),
        pca.scaler_scale.map((value) => value * unit),
        1e-6,
      );
      const variances = doubles(state, `${layer}/variances`);
      const total = variances.reduce((sum, value) => sum + value, 0);
      expectNear(
        variances.map((value) => value / total),
        pca.explained_variance_ratio,
        1e-5,
      );
      const axes = doubles(state, `${layer}/axes`);
      const size = pca.components.length;
      const signed = pca.components.flatMap((component, i) => {
        const sign = Math.sign(component.reduce((sum, value, j) => sum + value * axes[i * size + j]!, 0));
        return component.map((value) => value * sign);
      });
      expectNear(axes, signed, 1e-5);
      // The score depends on the signs of the axes, which are arbitrary: those of the peer's run.
      tensors[`${layer}/axes`] = { shape: [size, size], data: Float64Array.from(pca.components.flat()) };
    }
    expectScores(await score(ted, { ...state, tensors }), expected, 1e-5, 1e-5);
  });

  it('does not depend on the signs of axes by default, though the seed library does', async () => {
    for (const compat of [false, true]) {
      const state = await fit(ted, { compat }, featuresOf());
      const flipped = { ...state, tensors: { ...state.tensors } };
      for (const layer of layerNames) {
        const { shape } = state.tensors[`${layer}/axes`]!;
        flipped.tensors[`${layer}/axes`] = { shape, data: doubles(state, `${layer}/axes`).map((value) => -value) };
      }
      const [before, after] = [await score(ted, state), await score(ted, flipped)];
      if (compat) expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
    }
  });
});
