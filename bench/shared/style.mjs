// @ts-check
/** The style sheet of all reports, as text: a page needs nothing else. */
import { readFileSync } from 'node:fs';

export const STYLE = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
