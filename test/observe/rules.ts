/** The alert rules and the dashboard of deploy/, as they are read by programs. */

import * as v from 'valibot';
import { parse } from 'yaml';
import { readPage } from '../docs/page.js';

export const rulesPath = 'deploy/prometheus/alerts.yml';
export const dashboardPath = 'deploy/grafana/fanfare.json';

const rulesFile = v.object({
  groups: v.array(
    v.object({
      name: v.string(),
      rules: v.array(
        v.object({
          alert: v.string(),
          expr: v.string(),
          for: v.optional(v.string()),
          labels: v.object({ severity: v.picklist(['warning', 'critical']) }),
          annotations: v.object({ summary: v.string(), runbook_url: v.string() }),
        }),
      ),
    }),
  ),
});

const dashboardFile = v.object({
  panels: v.array(
    v.object({
      title: v.string(),
      targets: v.optional(v.array(v.object({ expr: v.string() })), []),
    }),
  ),
});

export const alerts = v.parse(rulesFile, parse(readPage(rulesPath))).groups.flatMap(({ rules }) => rules);

/** Each with the title of its panel. */
export const queries = v
  .parse(dashboardFile, JSON.parse(readPage(dashboardPath)))
  .panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** A query as Grafana sends it for all nodes. @param windowSec how far back rates look */
export function asSent(expression: string, windowSec: number): string {
  return expression.replaceAll('$__rate_interval', `${windowSec}s`).replaceAll('$instance', '.*');
}

/** Metrics of Fanfare, and of its process, that an expression names. */
export function metricsIn(expression: string): string[] {
  return expression.match(/\b(?:fanfare|process)_[a-z0-9_]+/g) ?? [];
}

/** Labels by which an expression selects, and by which it groups. */
export function labelsIn(expression: string): string[] {
  const selected = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
    [...inner.matchAll(/([a-z_]+)\s*(?:=|!)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(/,\s*/));
  return [...new Set([...selected, ...grouped])];
}
