// @ts-check
/** Writes a project: the files of its template, and those that depend on several choices. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateError } from './arguments.js';
import { composeFile, manifest, readme } from './written-files.js';

const template = fileURLToPath(new URL('../template', import.meta.url));
/** npm leaves files of these names out of packages, or takes them for its own. */
const renamed = /** @type {const} */ ([
  ['gitignore', '.gitignore'],
  ['dockerignore', '.dockerignore'],
]);

/** @typedef {import('./choices.js').Answers & { fanfare?: string }} Project */

/**
 * @param {Project} project `fanfare`: a version or the path of a package; default: this package's version
 * @returns {string[]} the files, relative to the folder
 * @throws {CreateError} `ERR_FOLDER`
 */
export function writeProject(project) {
  const { kind, host, broker } = project;
  const folder = resolve(project.folder);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CreateError('ERR_FOLDER', `${project.folder} is not empty`);
  }
  const name = packageName(basename(folder));
  try {
    mkdirSync(folder, { recursive: true });
    for (const part of ['common', `brokers/${broker}`, `kinds/${kind}`, `hosts/${host}`]) {
      const from = join(template, part);
      cpSync(from, folder, { recursive: true, filter: (path) => isFor(host, relative(from, path)) });
    }
    for (const [from, to] of renamed) renameSync(join(folder, from), join(folder, to));
    const write = (/** @type {string} */ file, /** @type {string} */ text) => writeFileSync(join(folder, file), text);
    write('package.json', `${JSON.stringify(manifest(name, project, ownVersion()), null, 2)}\n`);
    write('compose.yaml', composeFile(project));
    write('README.md', readme(name, project));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new CreateError('ERR_FOLDER', `${project.folder} cannot be written (${code})`, { cause: error });
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/**
 * Next.js has pages of its own, in `app`, and the others have one, in `page` and `public`.
 * @param {string} host
 * @param {string} path
 */
function isFor(host, path) {
  const [top = ''] = path.split(sep);
  if (host === 'next') return !['page', 'public'].includes(top) && path !== join('src', 'page.ts');
  return top !== 'app';
}

/** @param {string} text */
function packageName(text) {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9-_.]+/g, '-')
      .replace(/^[-_.]+|[-_.]+$/g, '') || 'my-fanfare'
  );
}

function ownVersion() {
  const { version } = JSON.parse(readFileSync(join(dirname(template), 'package.json'), 'utf8'));
  return String(version);
}
