// @ts-check
/**
 * Installs what npm would publish as a user does, and looks at what came: its size, whether a package runs scripts when it
 * is installed, and whether the licences of what was bundled are there. Then it imports every entry, and compiles a
 * program that uses all of them, without `skipLibCheck`.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { licencesFile } from './package/licences.mjs';
import { pack } from './package/packed.mjs';
import { runNpm } from './run-npm.mjs';
import { root, setupOrExit } from './setup.mjs';

/** Of all packages, in bytes of their files. */
const maxBytes = 20_000_000;

/** Optional packages, which the application brings: entries that need them are tried with those of this repository. */
const brought = ['react', '@types/react', 'csstype', 'ai', '@redis/client', 'amqplib'];
const broughtScopes = ['@nats-io', '@aws-sdk'];

/** @typedef {{ name: string, version: string, bytes: number, scripts: string[] }} Package */

/**
 * @param {string} folder a folder `node_modules`
 * @returns {Package[]} what is installed in it, the largest first
 */
export function packagesIn(folder) {
  return readdirSync(folder)
    .flatMap((name) => (name.startsWith('@') ? readdirSync(join(folder, name)).map((part) => `${name}/${part}`) : name))
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .flatMap((name) => {
      /** @type {{ version: string, scripts?: Record<string, string> }} */
      const { version, scripts = {} } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      const run = ['preinstall', 'install', 'postinstall'].filter((script) => scripts[script] !== undefined);
      // npm compiles what has this file, even if no script says so.
      if (existsSync(join(folder, name, 'binding.gyp'))) run.push('binding.gyp');
      const nested = join(folder, name, 'node_modules');
      const own = { name, version, bytes: bytesIn(join(folder, name)), scripts: run };
      return [own, ...(existsSync(nested) ? packagesIn(nested) : [])];
    })
    .sort((a, b) => b.bytes - a.bytes);
}

/**
 * Of the files in a folder, without those of packages in it.
 * @param {string} folder
 * @returns {number}
 */
function bytesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesIn(path);
    return sum + lstatSync(path).size;
  }, 0);
}

/**
 * @param {string} dist of the installed package
 * @returns {string[]} packages whose code is in it, but not their licence
 */
export function unlicensed(dist) {
  const path = join(dist, licencesFile);
  const licences = existsSync(path) ? readFileSync(path, 'utf8') : '';
  /** @type {Set<string>} */
  const names = new Set();
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!/\.m?js$/.test(file)) continue;
    // The bundler says above each module where it was.
    for (const [, name = ''] of readFileSync(join(dist, file), 'utf8').matchAll(
      /^\s*\/\/ \S*node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\/\S+$/gm,
    ))
      names.add(name);
  }
  return [...names].filter((name) => !licences.includes(`\n${name} `)).sort();
}

/**
 * @param {readonly Package[]} packages
 * @returns {string[]} what must not be
 */
export function faultsOf(packages) {
  const bytes = packages.reduce((sum, each) => sum + each.bytes, 0);
  const faults = packages
    .filter(({ scripts }) => scripts.length > 0)
    .map(({ name, scripts }) => `${name} runs scripts when it is installed: ${scripts.join(', ')}`);
  if (bytes > maxBytes) faults.unshift(`${megabytes(bytes)} are installed, at most ${megabytes(maxBytes)} may be`);
  return faults;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/** @param {string} folder where to install */
function install(folder) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  runNpm(['install', ...options, pack(join(folder, 'packed'))], { cwd: folder });
}

/** @param {string} modules a folder `node_modules` */
function bring(modules) {
  const scoped = broughtScopes.flatMap((scope) =>
    readdirSync(join(root, 'node_modules', scope)).map((name) => `${scope}/${name}`),
  );
  for (const name of [...brought, ...scoped]) {
    const path = join(modules, name);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), path, 'junction');
  }
}

/**
 * @param {string} folder
 * @param {readonly string[]} entries
 */
function tryEntries(folder, entries) {
  const program = `const names = ${JSON.stringify(entries)};
for (const name of names) if (Object.keys(await import(name)).length === 0) throw new Error(name + ' exports nothing');
`;
  writeFileSync(join(folder, 'import.js'), program);
  const lines = entries.map((name, index) => `import * as entry${index} from '${name}';\nvoid entry${index};\n`);
  writeFileSync(join(folder, 'compile.ts'), lines.join(''));
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'nodenext',
    types: ['node'],
    jsx: 'react-jsx',
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['compile.ts'] }));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return [
    { what: 'an entry cannot be imported', args: [join(folder, 'import.js')] },
    { what: 'types do not compile', args: [compiler, '-p', join(folder, 'tsconfig.json')] },
  ].flatMap(({ what, args }) =>
    spawnSync(process.execPath, args, { cwd: folder, stdio: 'inherit' }).status === 0 ? [] : [what],
  );
}

function main() {
  setupOrExit();
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-installed-'));
  try {
    install(folder);
    const modules = join(folder, 'node_modules');
    const packages = packagesIn(modules);
    for (const { name, version, bytes } of packages) console.log(`${megabytes(bytes).padStart(9)}  ${name} ${version}`);
    const bytes = packages.reduce((sum, each) => sum + each.bytes, 0);
    console.log(`${megabytes(bytes).padStart(9)}  ${packages.length} packages`);
    const faults = faultsOf(packages);
    for (const name of unlicensed(join(modules, 'fanfare', 'dist')))
      faults.push(`${licencesFile} lacks the licence of ${name}, which is bundled`);
    /** @type {{ exports: Record<string, unknown> }} */
    const { exports } = JSON.parse(readFileSync(join(modules, 'fanfare', 'package.json'), 'utf8'));
    const entries = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    bring(modules);
    faults.push(
      ...tryEntries(
        folder,
        entries.map((path) => path.replace('.', 'fanfare')),
      ),
    );
    for (const fault of faults) console.error(`check-installed: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
