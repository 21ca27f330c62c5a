// @ts-check
/** Adds up vitest's JSON reports, given as arguments, into one closing line; exits 1 unless all passed. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {readonly string[]} paths of reports; one that is missing counts as a failure, for its run broke off
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function sumReports(paths) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const path of paths) {
    if (!existsSync(path)) {
      sum.failed += 1;
      continue;
    }
    const report = JSON.parse(readFileSync(path, 'utf8'));
    sum.passed += report.numPassedTests;
    sum.failed += report.numFailedTests + filesThatDidNotRun(report);
    sum.skipped += report.numPendingTests + report.numTodoTests;
  }
  return sum;
}

/**
 * A file that throws while it loads fails without a failed test in it.
 * @param {{ testResults: Array<{ status: string, assertionResults: Array<{ status: string }> }> }} report
 */
function filesThatDidNotRun({ testResults }) {
  const hasFailedTest = (/** @type {{ assertionResults: Array<{ status: string }> }} */ file) =>
    file.assertionResults.some(({ status }) => status === 'failed');
  return testResults.filter((file) => file.status === 'failed' && !hasFailedTest(file)).length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed, skipped } = sumReports(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}
