// @ts-check
/** A vitest reporter for people who wait: what is to be run and about how long, what is left, and why tests were skipped. */

/** @typedef {import('vitest/node').TestModule} TestModule */
/** @typedef {import('vitest/node').TestSpecification} TestSpecification */

/** A line at least so often, in milliseconds; checked a second apart. */
const paceMs = 15_000;
const checkMs = 1_000;
/** Files that are named while they run for long. */
const maxNamed = 3;

/** Seconds that a file of each project takes, on average on two cores with two workers. */
const secPerFile = /** @type {Readonly<Record<string, number>>} */ ({
  unit: 0.4,
  types: 20,
  runtime: 3,
  integration: 5,
  browser: 20,
  fleets: 40,
});

/**
 * About how long the files take.
 * @param {ReadonlyMap<string, number>} numFiles by project
 */
export function estimateSec(numFiles) {
  return [...numFiles].reduce((sum, [project, count]) => sum + count * (secPerFile[project] ?? 3), 0);
}

/**
 * `45 s`, `12 min`.
 * @param {number} sec
 */
export function roughly(sec) {
  return sec < 90 ? `${Math.max(5, Math.ceil(sec / 5) * 5)} s` : `${Math.round(sec / 60)} min`;
}

/**
 * The reasons that skipped tests give, and how many there are of each.
 * @param {readonly string[]} warnings what tests have written about it
 */
export function skipReasons(warnings) {
  const counts = new Map();
  for (const warning of warnings) {
    for (const { groups } of warning.matchAll(/\*\*\* SKIPPED: (?<reason>.*?) \*\*\*/gs)) {
      counts.set(groups?.reason, (counts.get(groups?.reason) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * The files that run for longest, and for how long.
 * @param {ReadonlyMap<string, number>} running when each began, in milliseconds
 * @param {number} nowMs
 */
export function longest(running, nowMs) {
  return [...running]
    .sort(([, a], [, b]) => a - b)
    .slice(0, maxNamed)
    .map(([name, begunMs]) => `${name} (${Math.round((nowMs - begunMs) / 1_000)} s)`)
    .join(', ');
}

export default class ProgressReporter {
  /** @type {Map<string, number>} */
  #left = new Map();
  /** @type {string[]} */
  #warnings = [];
  #numFiles = 0;
  #numDone = 0;
  #numFailed = 0;
  #totalSec = 0;
  #begunMs = 0;
  #toldMs = 0;
  /** When each began, by its path. @type {Map<string, number>} */
  #running = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {readonly TestSpecification[]} specifications */
  onTestRunStart(specifications) {
    for (const { project } of specifications) this.#left.set(project.name, (this.#left.get(project.name) ?? 0) + 1);
    this.#numFiles = specifications.length;
    this.#totalSec = estimateSec(this.#left);
    this.#begunMs = this.#toldMs = performance.now();
    const parts = [...this.#left].map(([project, count]) => `${project} ${count}`).join(', ');
    console.log(`\n${this.#numFiles} test files (${parts}): about ${roughly(this.#totalSec)} on two cores.`);
    if (this.#left.size > 1) console.log('For a quick look: npm test -- --project unit');
    console.log('Tests whose programs are missing here are skipped, and summed up at the end.\n');
    // Files of several minutes would leave as many of silence.
    this.#timer = setInterval(() => this.#tell(), checkMs).unref();
  }

  /** @param {TestModule} module */
  onTestModuleQueued(module) {
    this.#running.set(module.relativeModuleId, performance.now());
  }

  /** @param {TestModule} module */
  onTestModuleEnd(module) {
    const { name } = module.project;
    this.#left.set(name, (this.#left.get(name) ?? 1) - 1);
    this.#numDone++;
    this.#running.delete(module.relativeModuleId);
    if (module.state() === 'failed') this.#numFailed++;
    this.#tell();
  }

  #tell() {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < paceMs) return;
    this.#toldMs = nowMs;
    const leftSec = estimateSec(this.#left);
    // As fast as it has been so far, once that can be told.
    const doneSec = this.#totalSec - leftSec;
    const pace = doneSec > 30 ? (nowMs - this.#begunMs) / 1_000 / doneSec : 1;
    const failed = this.#numFailed > 0 ? `, ${this.#numFailed} failed` : '';
    const numLeft = this.#numFiles - this.#numDone;
    const busy = this.#running.size > 0 ? `: ${longest(this.#running, nowMs)}` : '';
    console.log(`-- ${numLeft} of ${this.#numFiles} files left${failed}, about ${roughly(leftSec * pace)}${busy}`);
  }

  /** @param {{ readonly content: string }} log */
  onUserConsoleLog({ content }) {
    if (content.includes('*** SKIPPED')) this.#warnings.push(content);
  }

  /** @param {readonly TestModule[]} modules */
  onTestRunEnd(modules) {
    clearInterval(this.#timer);
    let numSkipped = 0;
    for (const module of modules) for (const _ of module.children.allTests('skipped')) numSkipped++;
    if (numSkipped === 0) return;
    console.log(`\n${numSkipped} tests were skipped:`);
    const reasons = skipReasons(this.#warnings);
    for (const [reason, count] of reasons) console.log(`  ${reason}${count > 1 ? ` (${count} files)` : ''}`);
    if (reasons.size === 0) console.log('  for reasons that stand beside them in their files');
    console.log('scripts/install-system.sh installs the programs on Debian.');
  }
}
