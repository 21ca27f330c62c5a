// @ts-check
/** A vitest reporter for people who wait: what is to be run and about how long, what is left, what took long, and why tests were skipped. */

/** @typedef {import('vitest/node').TestModule} TestModule */
/** @typedef {import('vitest/node').TestCase} TestCase */
/** @typedef {import('vitest/node').TestSpecification} TestSpecification */

/** A line at least so often, in milliseconds; checked a second apart. */
const paceMs = 15_000;
const checkMs = 1_000;
/** Files that are named while they run for long. */
const maxNamed = 3;
/** Files that are named at the end: those that took so long, and at most so many. */
const slowSec = 20;
const maxSlowest = 20;

/** Seconds that a file of each project takes, on average on two cores beside those of the other workers. */
const secPerFile = /** @type {Readonly<Record<string, number>>} */ ({
  unit: 0.1,
  types: 10,
  runtime: 1,
  protocol: 1,
  integration: 3,
  browser: 12,
  fleets: 10,
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
 * Why a test that could run here was skipped: what it was told to say, or what its name ends with.
 * @param {string} name
 * @param {string | undefined} note
 * @returns {string | undefined} undefined: it does not say
 */
export function reasonOf(name, note) {
  return note ?? /\(skipped: (?<reason>.+)\)$/.exec(name)?.groups?.reason;
}

/**
 * How many tests were skipped for which reason: programs that are missing first, by their files, then those that say
 * why, most first, then the others.
 * @param {ReadonlyMap<string, number>} missing files without their programs
 * @param {readonly (string | undefined)[]} skipped the reason of each test
 * @returns {string[]} lines
 */
export function skipLines(missing, skipped) {
  const counts = new Map();
  let numSilent = 0;
  for (const reason of skipped) {
    if (reason === undefined) numSilent++;
    else counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const lines = [...missing].map(([reason, count]) => `${reason}${count > 1 ? ` (${count} files)` : ''}`);
  for (const [reason, count] of [...counts].sort(([, a], [, b]) => b - a)) lines.push(`${reason} (${count})`);
  if (numSilent > 0)
    lines.push(`${missing.size > 0 ? 'in those files, or for' : 'for'} what their files say (${numSilent})`);
  return lines;
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

/** @param {TestCase} test */
function reasonOfTest(test) {
  const result = test.result();
  return reasonOf(test.name, result.state === 'skipped' ? result.note : undefined);
}

export default class ProgressReporter {
  /** @type {Map<string, number>} */
  #left = new Map();
  /** @type {string[]} */
  #warnings = [];
  /** Seconds of each file. @type {Map<string, number>} */
  #took = new Map();
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
    this.#took.set(module.relativeModuleId, module.diagnostic().duration / 1_000);
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
    const slowest = [...this.#took].filter(([, sec]) => sec >= slowSec).sort(([, a], [, b]) => b - a);
    if (slowest.length > 0) {
      const named = slowest.slice(0, maxSlowest).map(([name, sec]) => `${name} (${Math.round(sec)} s)`);
      console.log(`\n${slowest.length} files took ${slowSec} s or more: ${named.join(', ')}`);
    }
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')].map(reasonOfTest));
    if (skipped.length === 0) return;
    console.log(`\n${skipped.length} tests were skipped:`);
    const missing = skipReasons(this.#warnings);
    for (const line of skipLines(missing, skipped)) console.log(`  ${line}`);
    if (missing.size > 0) console.log('scripts/install-system.sh installs the programs on Debian.');
  }
}
