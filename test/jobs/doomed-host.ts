/** A host that has the process whose entry is its argument compute, and says by which number. */
import { forkProcess } from '../../main/jobs/child-process.ts';

const child = forkProcess<'compute', { pid: number }>(process.argv[2]!);
child.onMessage(({ pid }) => process.stdout.write(`${pid}\n`));
child.onEnd(({ errorOutput }) => process.stderr.write(errorOutput.join('\n')));
child.send('compute');
