/** Chromium for the tests of the browser project: found, launched without leave to phone anywhere, and closed. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { skipLoudly } from './missing.js';

/** Debian's, as scripts/install-system.sh installs it, or the one that FANFARE_CHROMIUM names. */
const executablePath = process.env.FANFARE_CHROMIUM ?? '/usr/bin/chromium';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Several pages at work at once: none of them is to be slowed down as a tab that nobody looks at.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

/**
 * Whether the tests of a browser have to be left out.
 *
 * @example describe.skipIf(chromiumIsMissing())('the page', () => { … });
 */
export function chromiumIsMissing(): boolean {
  if (existsSync(executablePath)) return false;
  return skipLoudly(
    'tests of the browser project',
    `no Chromium at ${executablePath}: scripts/install-system.sh installs it, FANFARE_CHROMIUM names another`,
  );
}

/** Disposing of it ends the process with all its pages. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args });
}
