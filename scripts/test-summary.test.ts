/** The closing line of CI must be true: broken files and missing reports count as failures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sumReports } from './test-summary.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfare-summary-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(
  name: string,
  counts: { passed: number; failed: number; pending: number; todo: number },
  files: unknown[],
) {
  const path = join(folder, name);
  const { passed, failed, pending, todo } = counts;
  const totals = { numPassedTests: passed, numFailedTests: failed, numPendingTests: pending, numTodoTests: todo };
  writeFileSync(path, JSON.stringify({ ...totals, testResults: files }));
  return path;
}

it('adds up the reports', () => {
  const failedFile = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] };
  const first = report('a.json', { passed: 3, failed: 1, pending: 1, todo: 1 }, [failedFile]);
  const second = report('b.json', { passed: 2, failed: 0, pending: 0, todo: 0 }, []);
  expect(sumReports([first, second])).toEqual({ passed: 5, failed: 1, skipped: 2 });
});

it('counts a file that did not load as a failure', () => {
  const brokenFile = { status: 'failed', assertionResults: [] };
  const path = report('a.json', { passed: 1, failed: 0, pending: 0, todo: 0 }, [brokenFile]);
  expect(sumReports([path])).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

it('counts a missing report as a failure', () => {
  expect(sumReports([join(folder, 'none.json')])).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
