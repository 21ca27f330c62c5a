/** The version that the server tells is the package's. */

import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { version } from './version.js';

test('is the one of package.json', () => expect(version).toBe(manifest.version));
