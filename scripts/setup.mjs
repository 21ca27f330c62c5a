// @ts-check
/** Makes a clone ready to run with nothing but Node: installs dependencies and builds, each only when out of date. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from './run-npm.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The compiled modules, which the bundles of dist/ are made of. */
export const modules = join(root, '.cache', 'modules');

const minimumNode = [20, 19];
const stampPath = join(root, 'node_modules', '.fanfare-setup.json');

/** What the contents of dist/ are made from. */
const buildInputs = [
  'src',
  'console',
  'examples',
  'scripts/build.mjs',
  'scripts/package',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
];

/** Installs and builds as far as needed; throws with a readable message when either fails. */
export function setup() {
  requireNode();
  if (!dependenciesAreCurrent()) install();
  const fingerprint = fingerprintOf(buildInputs);
  if (!buildIsCurrent(fingerprint)) build(fingerprint);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [minimumMajor = 0, minimumMinor = 0] = minimumNode;
  if (major > minimumMajor || (major === minimumMajor && minor >= minimumMinor)) return;
  throw new Error(`Fanfare needs Node ${minimumNode.join('.')} or newer; this is ${process.versions.node}.`);
}

/** npm writes node_modules/.package-lock.json last, so it tells what is installed completely. */
function dependenciesAreCurrent() {
  const wanted = readLockfile(join(root, 'package-lock.json'));
  const installed = readLockfile(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined
      ? entry.optional === true || entry.devOptional === true
      : found.version === entry.version;
  });
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | null} null when there is no such file
 */
function readLockfile(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : null;
}

function install() {
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  console.log(`fanfare: installing dependencies (npm ${command}) …`);
  runNpm([command, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
}

/** @param {string} fingerprint */
function buildIsCurrent(fingerprint) {
  if (![join(root, 'dist'), modules, stampPath].every(existsSync)) return false;
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8')).build === fingerprint;
  } catch {
    return false; // a stamp cut short by an interrupted run only costs one build
  }
}

/** @param {string} fingerprint */
function build(fingerprint) {
  console.log('fanfare: building …');
  const done = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) throw new Error('the build failed; its messages are above.');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampPath, `${JSON.stringify({ build: fingerprint })}\n`);
}

/**
 * What files contain, without tests of units.
 * @param {string[]} inputs files and folders
 */
export function fingerprintOf(inputs) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    for (const file of filesIn(full))
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  };
  inputs.forEach(add);
  return hash.digest('hex');
}

/**
 * @param {string} path a file or a folder
 * @returns {string[]} its files, sorted
 */
function filesIn(path) {
  /** @type {import('node:fs').Dirent[]} */
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [path]; // not a folder
  }
  const ignored = (/** @type {string} */ name) =>
    name === 'node_modules' || name === 'dist' || /\.test\.tsx?$/.test(name);
  return entries
    .filter((entry) => !ignored(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]))
    .sort();
}

/** Runs `setup` for a script that has nothing to add to its error message. */
export function setupOrExit() {
  try {
    setup();
  } catch (error) {
    console.error(`fanfare: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setupOrExit();
