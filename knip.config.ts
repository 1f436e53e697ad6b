import type { KnipConfig } from 'knip';

/** What of a component names other modules: its scripts, and what its markup imports once it is shown. */
function importsOf(component: string): string {
  const scripts = [...component.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script);
  const markup = component.replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, '');
  return [...scripts, ...(markup.match(/\bimport\('[^']+'\)/g) ?? [])].join(';\n');
}

const config: KnipConfig = {
  entry: [
    'renderer/main.ts',
    // The page of the tests of the window's state.
    'test/renderer/page.ts',
    // Processes, threads and what Electron loads by the place of the file.
    'main/jobs/{compute-process,inspection-process}.ts',
    'main/jobs/host-watcher.mjs',
    'main/plugins/trigger-worker.ts',
    'main/authoring/{index,runner}.ts',
    'main/data/{pictures/picture-worker,stored/rows-worker,threads/batch-worker}.ts',
    'main/storage/catalogue-thread.ts',
    'main/tensor/threads/helper.ts',
    'main/hosts/electron/{main,preload,before-pack}.ts',
    'main/hosts/cli/launch.mjs',
    'test/**/*.test.ts',
    'test/e2e/*.spec.ts',
    // Programs that tests start, and that people start by hand.
    'test/api/read-run.ts',
    'test/jobs/{busy-process,busy-utility-process,doomed-host,lose-gpu}.ts',
    'test/packaging/{named-files,use-program}.ts',
    'test/bench/runs/index.ts',
    'test/reliability/{fuzz/worker,storage-kill-loop/writer}.ts',
    'test/storage/fixtures/make-catalogue-1.ts',
  ],
  project: ['{main,shared,renderer,test,docs}/**/*.{ts,mjs,svelte}', '!main/tensor/kernels/assembly/**'],
  compilers: { svelte: importsOf },
  // Found by its folder, for the addon to TensorFlow; started by the launcher where the system's Node.js is too old.
  ignoreDependencies: ['node-api-headers', 'node'],
  ignoreBinaries: ['cupbearer'],
};

export default config;
