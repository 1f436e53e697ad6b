import { existsSync } from 'node:fs';
import { chromium, type LaunchOptions, type Page } from '@playwright/test';

/** Debian's browser, where Playwright's own cannot be downloaded. */
const debian = '/usr/bin/chromium';

/** How the test browser is started: Debian's where it is there, else Playwright's own. */
export const browserOptions: LaunchOptions = {
  ...(existsSync(debian) ? { executablePath: debian } : {}),
  // As root, in a container: Chromium's own sandbox needs a user of its own there.
  ...(process.getuid?.() === 0 ? { args: ['--no-sandbox'] } : {}),
};

/** A window of the test browser outside of a test. */
export async function openBrowserWindow(): Promise<{ page: Page; close: () => Promise<void> }> {
  const browser = await chromium.launch(browserOptions);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  return { page, close: () => browser.close() };
}
