/** Installs and builds the clients of every language at their pinned versions, each with the client of its own registry. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { installRuntime } from '../../../scripts/runtime-binary.mjs';
import { field, installed, type Language } from './catalogue.js';

function run(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): void {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  if (done.error) throw new Error(`${program} is missing`, { cause: done.error });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${done.stdout}${done.stderr}`);
}

const steps: Readonly<Record<Language, () => void>> = {
  browser() {},
  node() {
    for (const major of ['22', '24', '26']) installRuntime('node', major);
    const folder = `${installed}node`;
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'clients.mjs']) copyFileSync(`${field}node/${file}`, `${folder}/${file}`);
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--engine-strict=false'], folder);
  },
  go() {
    run('go', ['build', '-buildvcs=false', '-o', `${installed}go`, '.'], `${field}go`);
  },
  java() {
    const copy = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${installed}jars`];
    run('mvn', copy, `${field}java`);
    const sources = readdirSync(`${field}java`).filter((file) => file.endsWith('.java'));
    run('javac', ['-d', `${installed}java`, '-cp', `${installed}jars/*`, ...sources], `${field}java`);
  },
  python() {
    const folder = `${installed}python`;
    if (!existsSync(folder)) run('python3', ['-m', 'venv', folder], field);
    const pip = ['install', '--quiet', '--disable-pip-version-check', '--requirement', 'requirements.txt'];
    run(`${folder}/bin/pip`, pip, `${field}python`);
  },
  rust() {
    run('cargo', ['build', '--quiet', '--locked'], `${field}rust`, { CARGO_TARGET_DIR: `${installed}rust` });
  },
};

export const languages = Object.keys(steps) as readonly Language[]; // safe: its own keys

export function install(language: Language): void {
  mkdirSync(installed, { recursive: true });
  steps[language]();
}
