/** Sizes that server and pages share. */

/** Longest line of a commentator, in UTF-16 units. */
export const maxCommentLength = 280;
