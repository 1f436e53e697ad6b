// The import rules of docs/architecture.md: a folder may import itself and what stands below it, nothing above.
const order = [
  ['hosts'],
  ['api', 'engine-install'],
  ['jobs'],
  ['inspections'],
  ['reports'],
  ['experiments'],
  ['runs', 'authoring'],
  ['evaluation', 'detectors', 'tasks', 'figures'],
  ['models'],
  ['data'],
  ['plugins'],
  ['tensor'],
  ['storage'],
];

const downwards = order.flatMap((level, depth) => {
  const above = order.slice(0, depth).flat();
  return level.map((folder) => {
    const beside = level.filter((other) => other !== folder);
    return {
      name: `main/${folder}-imports-downwards`,
      severity: 'error',
      from: { path: `^main/${folder}/` },
      to: { path: `^main/(${[...above, ...beside].join('|') || 'none'})/` },
    };
  });
});

/** Rooms of the window, from the top. */
const rooms = ['frame', 'screens', 'runs', 'charts', 'components', 'app'];

// What declares a screen, and the table of them, are known to all: addresses follow from them.
const declarations = '^renderer/screens/(index|[^/]+/screen)[.]ts$';

const windowDownwards = rooms.slice(1).map((room, above) => ({
  name: `renderer/${room}-imports-downwards`,
  severity: 'error',
  from: { path: `^renderer/${room}/` },
  to: { path: `^renderer/(${rooms.slice(0, above + 1).join('|')})/`, pathNot: declarations },
}));

export default {
  forbidden: [
    ...downwards,
    ...windowDownwards,
    {
      name: 'screens-know-no-other-screen',
      severity: 'error',
      from: { path: '^renderer/screens/([^/]+)/' },
      to: { path: '^renderer/screens/', pathNot: ['^renderer/screens/$1/', declarations] },
    },
    {
      name: 'declarations-of-screens-load-nothing',
      comment: 'What draws a screen comes when it is first shown.',
      severity: 'error',
      from: { path: declarations },
      to: {
        path: '^renderer/(?!app/screen[.]ts$).*([.]svelte|[.]svelte[.]ts)$',
        dependencyTypesNot: ['dynamic-import'],
      },
    },
    {
      name: 'parts-of-detectors-know-no-method',
      severity: 'error',
      from: { path: '^main/detectors/parts/' },
      to: { path: '^main/detectors/(methods/|index)' },
    },
    {
      name: 'api-runs-know-no-other-room',
      severity: 'error',
      from: { path: '^main/api/runs/' },
      to: { path: '^main/api/(drafts|reports|experiments|calls)/' },
    },
    {
      name: 'rooms-of-api-know-runs-alone',
      comment: 'Drafts, reports and experiments are beside each other, above runs; calls are above all.',
      severity: 'error',
      from: { path: '^main/api/(drafts|reports|experiments)/' },
      to: { path: '^main/api/(drafts|reports|experiments|calls)/', pathNot: '^main/api/$1/' },
    },
    // Those of the window: dependency-cruiser.window.config.mjs.
    { name: 'no-cycles', severity: 'error', from: { pathNot: '^renderer/' }, to: { circular: true } },
    {
      name: 'shared-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(main|renderer|test)/' },
    },
    {
      name: 'shared-has-no-node',
      severity: 'error',
      from: { path: '^shared/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'renderer-imports-shared-alone',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|test)/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(main|shared|renderer)/' },
      to: { path: '^test/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'main/tensor/kernels/assembly' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.svelte', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'svelte', 'node', 'default'],
    },
  },
};
