/** The AI SDK checks what it gets with zod, which tries `eval` as soon as it is used: the page's policy refuses and reports that. */

import { config } from 'zod';

/** Set before anything of the SDK is loaded. */
export const { jitless } = config({ jitless: true });
