import { describe, expect, it } from 'vitest';
import { throttleProgress } from '../../main/jobs/throttle.ts';

/** A throttle with a clock of its own, and what has got through it. */
function setUp() {
  const seen: string[] = [];
  let time = 5000;
  const report = throttleProgress(
    (phase, done, total, note) => void seen.push(`${phase} ${done}/${total}${note ? ` ${note}` : ''}`),
    () => time,
  );
  return { seen, report, pass: (ms: number) => (time += ms) };
}

describe('progress', () => {
  it('passes ten times a second at most', () => {
    const { seen, report, pass } = setUp();
    for (let done = 0; done < 1000; done++) {
      report('Training', done, 1000);
      pass(1);
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `Training ${100 * i}/1000`));
  });

  it('always passes at the beginning and at the end of a phase', () => {
    const { seen, report } = setUp();
    for (const phase of ['Data', 'Training']) for (let done = 0; done <= 3; done++) report(phase, done, 3);
    expect(seen).toEqual(['Data 0/3', 'Data 3/3', 'Training 0/3', 'Training 3/3']);
  });

  it('passes the last word of a phase that ends early, before the next begins', () => {
    const { seen, report } = setUp();
    for (let done = 0; done <= 7; done++) report('Training', done, 10, `step ${done}`);
    report('Figures', 0, 1);
    expect(seen).toEqual(['Training 0/10 step 0', 'Training 7/10 step 7', 'Figures 0/1']);
  });

  it('passes what was held back when asked to, and only once', () => {
    const { seen, report, pass } = setUp();
    report('Training', 0, 10);
    report('Training', 1, 10);
    report('Training', 2, 10);
    report.flush();
    report.flush();
    expect(seen).toEqual(['Training 0/10', 'Training 2/10']);
    pass(100);
    report('Training', 3, 10);
    report.flush();
    expect(seen).toEqual(['Training 0/10', 'Training 2/10', 'Training 3/10']);
  });

  it('never goes backwards: what a later report has overtaken is dropped', () => {
    const { seen, report, pass } = setUp();
    report('Training', 0, 10);
    report('Training', 1, 10);
    pass(150);
    report('Training', 2, 10);
    report('Training', 10, 10);
    report.flush();
    expect(seen).toEqual(['Training 0/10', 'Training 2/10', 'Training 10/10']);
  });
});
