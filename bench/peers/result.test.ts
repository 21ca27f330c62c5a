/** The comparison with peers, on figures small enough to check by hand, and what the report says about missing ones. */

import { expect, it } from 'vitest';
import { describeMachine } from '../shared/machine.mjs';
import { renderPage } from './page.mjs';
import { makeResult, type Outcome, type Run, renewed } from './result.mjs';
import { renderTables } from './table.mjs';

const use = { cpuUs: 1, elapsedMs: 1, serverShare: 0.5, clientShare: 0.2, othersShare: 0 };
const outcome = (cpuUs: number, shares = {}): Outcome => ({ figures: { cpuUs }, use: { ...use, ...shares } });
const run: Run = {
  startedAt: '2026-11-24T12:00:00.000Z',
  machine: describeMachine(),
  pinned: true,
  quick: false,
  rounds: 3,
  peers: [
    { name: 'fanfare', label: 'Fanfare', missing: null, version: '1' },
    { name: 'centrifuge', label: 'centrifuge (Go)', missing: null, version: '2' },
    { name: 'bun', label: 'Bun <C++>', missing: 'no & such', version: null },
  ],
  measured: {
    rpc: [
      { fanfare: outcome(10), centrifuge: outcome(5) },
      { fanfare: outcome(30), centrifuge: outcome(10) },
      { fanfare: outcome(20), centrifuge: outcome(5) },
    ],
  },
  skipped: [],
};

it('compares within a round, and not medians of rounds', () => {
  const [row, ...more] = makeResult(run).rows;
  expect(more).toEqual([]);
  expect(row?.cells).toEqual([
    { peer: 'fanfare', value: 20, rounds: [10, 30, 20], ratio: null },
    { peer: 'centrifuge', value: 5, rounds: [5, 10, 5], ratio: { median: 3, least: 2, most: 4 } },
  ]);
});

it('says in table and page which server and which scenario is missing, and why', () => {
  const result = makeResult({ ...run, skipped: [{ scenario: 'redis-batch', missing: 'no Redis' }] });
  expect(result.warnings).toEqual(['Bun <C++> was not measured: no & such', 'redis-batch was not measured: no Redis']);
  expect(renderTables(result)).toContain('no Redis');
  expect(renderPage(result)).toContain('Bun &lt;C++&gt; was not measured: no &amp; such');
});

it('says where the load client was saturated and the server was not', () => {
  const measured = {
    rpc: [
      { fanfare: outcome(10, { clientShare: 0.97 }), centrifuge: outcome(5, { clientShare: 0.97, serverShare: 1 }) },
    ],
  };
  const { warnings } = makeResult({ ...run, peers: run.peers.slice(0, 2), measured });
  expect(warnings).toEqual([expect.stringMatching(/^rpc, Fanfare: .*97 %.*50 %/)]);
});

it('renews some scenarios, and says when the others were measured', () => {
  const publish = [{ fanfare: outcome(1), centrifuge: outcome(2) }];
  const later = { ...run, startedAt: '2026-11-30T12:00:00.000Z', peers: run.peers.slice(0, 1), measured: { publish } };
  const { rows, warnings, peers } = makeResult(renewed(run, later));
  expect(rows.map(({ scenario, cells }) => [scenario, cells[1]?.ratio?.median])).toEqual([
    ['publish', 0.5],
    ['rpc', 3],
  ]);
  expect(peers.map(({ name, version }) => [name, version])).toEqual([
    ['fanfare', '1'],
    ['centrifuge', '2'],
    ['bun', null],
  ]);
  expect(warnings).toContain('measured on 2026-11-24: rpc');
});
