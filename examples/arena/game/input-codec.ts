/** What a player has pressed during the last steps, as bytes: the number of the first step u16, then a byte of keys for each. */

import { allKeys } from './keys.js';

export interface Input {
  /** Modulo 65,536. */
  readonly firstStep: number;
  /** One for each step. */
  readonly keys: readonly number[];
}

/** Most steps of one message: a page that was busy for a moment. */
export const maxStepsPerInput = 12;
/** Of one message. */
export const maxInputBytes = 2 + maxStepsPerInput;

export function encodeInput({ firstStep, keys }: Input): Uint8Array {
  return Uint8Array.of(firstStep >> 8, firstStep & 0xff, ...keys);
}

/** `undefined` for whatever is no input. */
export function decodeInput(bytes: Uint8Array): Input | undefined {
  const [high = 0, low = 0, ...keys] = bytes;
  if (keys.length === 0 || keys.length > maxStepsPerInput || keys.some((pressed) => pressed > allKeys))
    return undefined;
  return { firstStep: high * 256 + low, keys };
}

/** How far a number is behind another one, modulo 65,536: from −32,768 to 32,767. */
export function stepsBetween(earlier: number, later: number): number {
  return ((later - earlier) << 16) >> 16;
}
