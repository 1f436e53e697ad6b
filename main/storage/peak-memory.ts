import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Starts to measure. The function returned returns the most memory that this process has taken since, bytes: on Linux, which can
 * start over; elsewhere since the process began, which is more.
 */
export function measurePeakMemory(): () => number {
  try {
    // Sets the peak to what is taken now.
    writeFileSync('/proc/self/clear_refs', '5');
    peakOfStatus();
    return peakOfStatus;
  } catch {
    return () => process.resourceUsage().maxRSS * 1024;
  }
}

function peakOfStatus(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error('The system does not tell the peak of memory.');
  return Number(kilobytes) * 1024;
}
