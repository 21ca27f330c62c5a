// @ts-check
/** The style sheet of all reports, as text, so that a page needs no other file. */
import { readFileSync } from 'node:fs';

export const STYLE = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
