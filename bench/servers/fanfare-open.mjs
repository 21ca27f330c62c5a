// @ts-check
/** Fanfare for loads that come from outside: clients may publish, and its metrics can be read. */
import { openApp } from './open-app.mjs';

openApp({}, { metrics: true });
