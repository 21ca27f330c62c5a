/** schemathesis, run once against a server with the HTTP API: requests made of its OpenAPI document, answers compared with it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiKey } from '../../support/servers/api-server.js';
import { literalDocument } from './literal.js';

/** Whatever the request was. */
const always = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'unsupported_method',
  'ignored_auth',
];

/** How the server tells errors. */
export type ErrorMode = 'body' | 'status';

interface Mode {
  readonly headers: readonly string[];
  readonly checks: readonly string[];
}

/** What is sent and checked then. */
export const modes: Readonly<Record<ErrorMode, Mode>> = {
  /** With status 200: whether a request is right shows in the body alone, which schemathesis does not look for. */
  body: { headers: [], checks: always },
  status: { headers: ['X-Centrifugo-Error-Mode: transport'], checks: [...always, 'negative_data_rejection'] },
};

export interface SchemathesisOptions {
  readonly mode: ErrorMode;
  readonly seed: number;
  /** Requests that chance makes for each operation. */
  readonly examples: number;
}

export interface SchemathesisRun {
  /** For people: each failure with the request that shows it. */
  readonly output: string;
  readonly operations: number;
  readonly requests: number;
  /** Of different kinds. */
  readonly failures: number;
}

/** What is read of its report. */
interface Report {
  readonly complete: boolean;
  readonly operations: { readonly tested: number; readonly errored: number; readonly skipped: number };
  readonly test_cases: { readonly generated: number; readonly unique_failures: number; readonly errored: number };
}

/**
 * @param program of schemathesis
 * @param url of the server
 * @throws Error when it could not ask for everything, with what it said
 */
export async function runSchemathesis(
  program: string,
  url: string,
  options: SchemathesisOptions,
): Promise<SchemathesisRun> {
  const { mode, seed, examples } = options;
  const { headers, checks } = modes[mode];
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-schemathesis-'));
  const [document, reportFile] = [join(folder, 'openapi.json'), join(folder, 'report.json')];
  try {
    writeFileSync(document, JSON.stringify(literalDocument()));
    const args = [
      ...['--no-color', 'run', document, '--url', url],
      ...['--header', `X-API-Key: ${apiKey}`, ...headers.flatMap((header) => ['--header', header])],
      ...['--checks', checks.join(','), '--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', `${examples}`, '--seed', `${seed}`, '--generation-database', 'none'],
      ...['--workers', '1', '--continue-on-failure', '--suppress-health-check', 'all'],
      ...['--report', 'json', '--report-json-path', reportFile],
    ];
    // In a folder without a configuration of anybody's.
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = await once(child, 'close');
    if (!existsSync(reportFile)) throw new Error(`schemathesis ended with ${code}:\n${output}`);
    // safe: its own report, whose version is pinned
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
    const { complete, operations, test_cases: cases } = report;
    if (!complete || operations.errored + operations.skipped + cases.errored > 0 || cases.generated === 0)
      throw new Error(`schemathesis did not do everything (${code}):\n${output}`);
    return { output, operations: operations.tested, requests: cases.generated, failures: cases.unique_failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
