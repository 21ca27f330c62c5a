/** Everything made from result files is up to date: the constants of `fanfare plan`, and the pages. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseCommandLine } from '../src/cli/arguments.js';
import { brokerUse, cpuUse, sumOf } from '../src/cli/plan/use.js';
import { planCommand } from '../src/cli/plan.js';
import { rendered } from './render/files.mjs';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

it('constants and pages are what the result files say (node bench/render.mjs writes them)', async () => {
  const files = await rendered(read, { brokerUse, cpuUse, sumOf, planCommand, parseCommandLine });
  expect(Object.keys(files)).toContain('src/cli/plan/measured.ts');
  for (const [path, text] of Object.entries(files)) expect(read(path), path).toBe(text);
});

it('another result is another constant', async () => {
  const change = (path: string) => {
    const text = read(path);
    if (path !== 'bench/results/capacity.json') return text;
    const result = JSON.parse(text);
    return JSON.stringify({ ...result, medians: { ...result.medians, pingUs: 12_345 } });
  };
  const files = await rendered(change, { brokerUse, cpuUse, sumOf, planCommand, parseCommandLine });
  expect(files['src/cli/plan/measured.ts']).toContain('pingUs: 12_300');
});
