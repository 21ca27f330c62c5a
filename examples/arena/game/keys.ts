/** What a player presses during one step, as bits. */

export const keys = { left: 1, right: 2, thrust: 4, fire: 8 } as const;

/** All of them. */
export const allKeys = keys.left | keys.right | keys.thrust | keys.fire;
