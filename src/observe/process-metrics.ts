/**
 * The metrics of the process, as the library has them, except for those that walk over every socket at each scrape (a
 * server has many), or measure the event loop a second time.
 */

import { readdirSync, statSync } from 'node:fs';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { addMetric } from './metric-rows.js';

/** Longer than any process lives: the timer by which the library measures the event loop never fires. */
const neverMs = 2 ** 31 - 1;
const openFiles = 'process_open_fds';
const left = /^nodejs_(active|eventloop)_/;

export function registerProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: neverMs });
  for (const { name } of registry.getMetricsAsArray()) {
    if (name === openFiles || left.test(name)) registry.removeSingleMetric(name);
  }
  const about = {
    name: openFiles,
    help: 'Number of open file descriptors.',
    type: 'gauge',
    aggregator: 'sum',
  } as const;
  addMetric(registry, about, () => {
    const value = openFileCount();
    return value === undefined ? [] : [{ labels: {}, value }];
  });
}

/** `undefined` where the system does not tell. */
function openFileCount(folder = '/proc/self/fd'): number | undefined {
  try {
    // Since Linux 6.2 the size is the number; before, and in other kernels that have the folder, it is 0.
    const { size } = statSync(folder);
    // The list contains what it was read through.
    return size > 0 ? size : readdirSync(folder).length - 1;
  } catch {
    // There is no such folder.
    return undefined;
  }
}
