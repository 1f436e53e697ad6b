import type { RecordedCountState } from '../../../shared/domain/recorded.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { draftSubject } from '../drafts/draft-subject.ts';
import { latestOf } from '../latest-of.ts';
import { dataFolder } from '../settings.ts';

/** The calls about recorded activations in files of others. */
export function recordedCalls({ workbench, settings, reach, library, inspector }: Application) {
  const { recorded } = calls;
  const dataDir = () => dataFolder(settings.current());
  return {
    browse: recorded.browse.handler(({ input: { folder }, signal }) =>
      library.ask('browse-folder', { folder, root: reach.root }, { dataDir: dataDir(), signal }),
    ),
    look: recorded.look.handler(({ input: { draft, spare, draw, count }, signal }) => {
      const { task } = draftSubject(workbench.catalogue, draft).draft;
      return library.ask('look-at-recorded', { task, spare, draw, count }, { dataDir: dataDir(), signal });
    }),
    count: recorded.count.handler(({ input, signal }) =>
      latestOf<RecordedCountState>(async (tell, stop) => {
        const { task } = draftSubject(workbench.catalogue, input.draft).draft;
        const found = await inspector.ask(
          'count-recorded',
          { task },
          {
            dataDir: dataDir(),
            signal: stop,
            onProgress: ({ phase, done, total }) =>
              tell({ type: 'progress', phase, share: total > 0 ? done / total : 0 }),
          },
        );
        return { type: 'done', ...found };
      }, signal),
    ),
  };
}
