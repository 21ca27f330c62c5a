// @ts-check
/** The machine that measures: what it is, and whether it can run the plan. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** Descriptors that a process needs beside its connections. */
const SPARE_DESCRIPTORS = 200;

/** Whether processes can be tied to one core each: Linux with taskset and at least two cores. */
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
 * How long these cores have been busy since the machine started, all processes together, in milliseconds.
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
 * Why this many connections cannot be opened in one process; null when they can. Node raises the soft limit to the
 * hard one by itself, so the hard one counts.
 * @param {number} connections
 */
export function descriptorShortage(connections) {
  const limits = '/proc/self/limits';
  if (!existsSync(limits)) return null;
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync(limits, 'utf8'))?.[1];
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= connections + SPARE_DESCRIPTORS) return null;
  return `${connections} connections need ${connections + SPARE_DESCRIPTORS} open files, the limit is ${hard}: raise it (ulimit -n) or pass --connections`;
}
