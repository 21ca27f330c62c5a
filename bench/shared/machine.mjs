// @ts-check
/** The machine that measures: its properties, and whether it can run the plan. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { cpuUsOf } from './process-use.mjs';

/** Descriptors that a process needs besides its connections. */
const SPARE_DESCRIPTORS = 200;

/** Whether processes can be pinned to one core each: Linux with taskset and at least two cores. */
export function canPin() {
  return availableParallelism() >= 2 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
}

export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
    system: `${process.platform} ${release().split('-')[0]} ${process.arch}`,
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/**
 * Busy time of these cores since the machine started, of all processes, in milliseconds.
 * @param {number[]} cores
 */
export function busyMsOf(cores) {
  const all = cpus();
  return cores.reduce((sum, core) => {
    const { user = 0, nice = 0, sys = 0, irq = 0 } = all[core]?.times ?? {};
    return sum + user + nice + sys + irq;
  }, 0);
}

/**
 * What other processes than this one and these use of the cores from now on, as a sentence.
 * @param {number[]} cores
 * @param {number[]} pids which live until the answer is asked for
 * @returns {() => string}
 */
export function watchOthers(cores, pids) {
  const othersMs = () => {
    const { user, system } = process.cpuUsage();
    return busyMsOf(cores) - pids.reduce((sum, pid) => sum + cpuUsOf(pid), user + system) / 1e3;
  };
  const [before, startedMs] = [othersMs(), performance.now()];
  return () => {
    const share = Math.max(0, othersMs() - before) / cores.length / (performance.now() - startedMs);
    const load = (loadavg()[0] ?? 0).toFixed(1);
    return `other processes used ${(share * 100).toFixed(0)} % of ${cores.length} cores meanwhile (load ${load})`;
  };
}

/**
 * Why this many connections cannot be opened in one process; null if they can. Node raises the soft limit to the
 * hard one by itself, so the hard one counts.
 * @param {number} connections
 */
export function descriptorShortage(connections) {
  const most = mostConnections();
  if (most >= connections) return null;
  return `${connections} connections need ${connections + SPARE_DESCRIPTORS} open files, the limit is ${most + SPARE_DESCRIPTORS}: raise it (ulimit -n) or pass --connections`;
}

/** As many as a process may have open; infinite where nobody says. */
export function mostConnections() {
  const limits = '/proc/self/limits';
  if (!existsSync(limits)) return Number.POSITIVE_INFINITY;
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard) - SPARE_DESCRIPTORS;
}
