/** Sizes that server and page share. */

/** Longest message, in UTF-16 units, as browsers count `maxlength`. */
export const maxTextLength = 2_000;
/** Longest display name, in UTF-16 units. */
export const maxNameLength = 40;
/** How many messages a page shows when it joins a room. */
export const historyLimit = 50;
