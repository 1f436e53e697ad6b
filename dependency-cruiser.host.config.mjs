// What a host loads: the modules that its entry points reach without a dynamic import. A host must not decode, read data or
// walk folders (docs/architecture.md, "A run, from a click or a command to a figure"), so that none of the code that does may be
// among them. What is imported dynamically is loaded by the processes that are asked (main/inspections/index.ts).
import base from './dependency-cruiser.config.mjs';

/** Decoders and readers, loaders of datasets, downloads of datasets, imports, and whatever lists more than one folder. */
const heavy = [
  'main/data/(readers|pictures|own|stored)/',
  'main/data/datasets/(idx-images|cifar-batches|gtsrb-files)[.]ts$',
  'main/data/dataset-info[.]ts$',
  'main/data/download/(download-dataset|unpack)[.]ts$',
  'main/storage/walk[.]ts$',
  'main/inspections/(?!index[.]ts$)',
  // What computes: figures of merit, tests, figures, reports, the work of runs.
  'main/(evaluation|figures|reports)/',
  'main/runs/work/',
];

export default {
  forbidden: [
    {
      name: 'hosts-neither-decode-nor-walk',
      severity: 'error',
      from: { path: '^main/(hosts|api|engine-install)/' },
      to: { path: `^(${heavy.join('|')})`, reachable: true },
    },
    {
      name: 'canvas-stands-behind-readers-and-figures',
      comment: 'The native codec is loaded by data/pictures/decode-picture.ts, and by figures once one is drawn.',
      severity: 'error',
      from: {
        path: '^main/',
        pathNot: '^main/(data/pictures/decode-picture|figures/lazy-canvas|hosts/electron/build-icons)[.]ts$',
      },
      to: { path: '@napi-rs/canvas' },
    },
  ],
  options: {
    ...base.options,
    // Types are erased before anything is loaded.
    tsPreCompilationDeps: false,
    exclude: { ...base.options.exclude, dynamic: true },
  },
};
