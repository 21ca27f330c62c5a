/** The soak as a page with curves over time: memory, latency, deliveries, connections, keys. One file, with nothing beside it. */

import { chartStyle, charts } from './curves.js';
import type { SoakOptions, SoakOutcome } from './soak.js';

/** @param machine in words */
export function pageOf(outcome: SoakOutcome, options: SoakOptions, machine: string): string {
  const { returned, violations, verdict, restartsSec, clients, rounds, roundsRefused, slowEnds, kindsOfKeys } = outcome;
  const [handlesBefore = {}, handlesAfter = {}] = outcome.kindsOfHandles;
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 2 });
  const rows = returned.map(
    ({ name, unit, before, after, isBack }) =>
      `<tr class="${isBack ? 'back' : 'more'}"><td>${name}</td><td>${number(before)} ${unit}</td><td>${number(after)} ${unit}</td><td>${
        before === 0 ? '' : `${(((after - before) / before) * 100).toFixed(1)} %`
      }</td></tr>`,
  );
  const facts = {
    minutes: Math.round(options.loadMs / 6_000) / 10,
    seed: options.seed,
    'rounds of warming up': outcome.warmUps,
    'clients that came': clients,
    deliveries: verdict.deliveries,
    'publications lost': verdict.holes,
    'publications twice or late': verdict.disorders,
    'recoveries that failed, and were told': verdict.begunAnew,
    'rounds published': rounds,
    'rounds not taken while a node went': roundsRefused,
    'nodes replaced': restartsSec.length,
    'ends of slow readers, by code': counts(slowEnds),
    'keys in Redis at the end, by kind': counts(kindsOfKeys),
    'handles before, by kind': counts(handlesBefore),
    'handles after, by kind': counts(handlesAfter),
  };
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Soak</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; background: #fff; }
svg { display: block; width: 100%; height: auto; overflow: visible; margin: 0.75rem 0 1.5rem; } svg text { font-size: 11px; fill: #555; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 0.25rem; } td, th { padding: 0 1rem 0 0; text-align: left; } td + td { font-variant-numeric: tabular-nums; }
${chartStyle} .more td { color: #b3261e; } .legend { font-size: 12px; color: #555; }
</style>
<h1>Soak</h1>
<p>${violations.length === 0 ? 'Everything that was taken was given back, and nothing was lost.' : `It does not hold: ${violations.join('; ')}.`}</p>
<p class="legend">${machine}. Curves of the node that lives through everything; dotted lines: another node was replaced.</p>
<table><tr><th></th><th>before</th><th>after</th><th>change</th></tr>${rows.join('')}</table>
${charts(outcome).join('\n')}
<table>${Object.entries(facts)
    .map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`)
    .join('')}</table>
</html>
`;
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
