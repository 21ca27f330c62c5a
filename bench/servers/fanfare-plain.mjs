// @ts-check
/** The same as fanfare-observed.mjs with nothing on that looks at a server. */
import { openApp } from './open-app.mjs';

openApp({}, {});
