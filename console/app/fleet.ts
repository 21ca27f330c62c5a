/** The nodes as they were last heard of, and the figures of the last minutes: asked for as long as the page is seen. */

import { signal } from '@preact/signals';
import { ApiFailure, access, call } from './api.js';
import type { NodeFields, NodesResult } from './api-results.js';
import { type Sample, sampleEveryMs, sampleOf, withSample } from './samples.js';

export const nodes = signal<readonly NodeFields[] | undefined>(undefined);
export const samples = signal<readonly Sample[]>([]);
/** Why the nodes were not heard of the last time. */
export const silence = signal<string | undefined>(undefined);

let before: { readonly nodes: readonly NodeFields[]; readonly atMs: number } | undefined;
let isAsking = false;

/** Called once. */
export function watchFleet(): void {
  // At once, and when somebody has logged in.
  access.subscribe(() => void ask());
  setInterval(() => void ask(), sampleEveryMs);
  document.addEventListener('visibilitychange', () => void ask());
}

async function ask(): Promise<void> {
  if (isAsking || document.hidden || access.value === 'denied' || access.value === 'out') return;
  isAsking = true;
  try {
    const answer = await call<NodesResult>('nodes');
    const atMs = Date.now();
    if (before !== undefined && atMs > before.atMs) {
      samples.value = withSample(samples.value, sampleOf(answer.nodes, atMs, before));
    }
    before = { nodes: answer.nodes, atMs };
    nodes.value = answer.nodes;
    silence.value = undefined;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    silence.value = error.message;
  } finally {
    isAsking = false;
  }
}
