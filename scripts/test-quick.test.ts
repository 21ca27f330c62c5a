/** What a change makes the quick tests run, and that what they always run is there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { always, runsFor } from './test-quick.mjs';

describe('the quick tests', () => {
  it('run what imports a changed module, and what holds documents against the code', () => {
    const [named = [], related = []] = runsFor(['src/engine/hub.ts', 'docs/guide/clients.md']);
    expect(named).toEqual(expect.arrayContaining(['run', ...always]));
    expect(related.slice(0, 3)).toEqual(['related', '--run', 'src/engine/hub.ts']);
    expect(related).not.toContain('docs/guide/clients.md');
  });

  it('run a test file that is changed, and nothing else that imports it', () => {
    const runs = runsFor(['test/engine/slow-readers.test.ts']);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toContain('test/engine/slow-readers.test.ts');
  });

  it('need neither brokers under faults nor a browser', () => {
    for (const run of runsFor(['src/engine/hub.ts'])) {
      const projects = run.filter((_, at) => run[at - 1] === '--project');
      expect(projects.length).toBeGreaterThan(0);
      expect(projects).not.toEqual(expect.arrayContaining(['fleets']));
      expect(projects).not.toEqual(expect.arrayContaining(['browser']));
    }
  });

  it.each(always)('%s is a file', (name) => {
    expect(existsSync(fileURLToPath(new URL(`../${name}`, import.meta.url)))).toBe(true);
  });
});
