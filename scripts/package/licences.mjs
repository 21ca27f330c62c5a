// @ts-check
/** The licences of packages whose code is in bundles: whoever passes them on has to pass these on, too. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Beside what it is about, in dist/. */
export const licencesFile = 'THIRD-PARTY-LICENSES.txt';

/** Packages that others hold in their own bundles, without saying so there. */
const inside = /** @type {Readonly<Record<string, readonly string[]>>} */ ({ centrifuge: ['events'] });

/** Licences whose text names nobody, so that it is the same wherever it is. */
const common = ['Apache-2.0'];

/** @typedef {Map<string, Set<string>>} Sources folders of packages, with the files of them that are in bundles */

/**
 * Adds the packages that a bundle holds code of.
 * @param {Sources} sources
 * @param {{ outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> }} metafile of esbuild
 * @param {string} base what its paths are relative to
 */
export function addSources(sources, { outputs }, base) {
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, folder, name = ''] = /^(.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path) ?? [];
      if (folder === undefined || bytesInOutput === 0) continue;
      filesOf(sources, resolve(base, folder)).add(resolve(base, path));
      for (const other of inside[name] ?? []) filesOf(sources, resolve(base, dirname(folder), other));
    }
  }
}

/**
 * @param {Sources} sources
 * @param {string} folder
 */
function filesOf(sources, folder) {
  const files = sources.get(folder) ?? new Set();
  sources.set(folder, files);
  return files;
}

/**
 * @param {Sources} sources
 * @returns {string} for each package its name, version and licence, with the text and the notices of others in its files
 * @throws {Error} if one has no licence in its folder, and its text is in no other one
 */
export function licencesOf(sources) {
  const parts = [...sources].map(([folder, files]) => {
    /** @type {{ name: string, version: string, license?: string }} */
    const { name, version, license = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const text = file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim();
    return { title: `${name} ${version} (${license})`, name, license, text, notices: noticesIn(files) };
  });
  parts.sort((a, b) => (a.title < b.title ? -1 : 1));
  const printed = parts.map(({ title, name, license, text, notices }) => {
    const same = parts.find((other) => common.includes(license) && other.license === license && other.text);
    if (license === '' || (text ?? same) === undefined) throw new Error(`${name}, which is bundled, has no licence`);
    return [`${'='.repeat(80)}\n${title}`, text ?? `The text is that of ${same?.name}.`, ...notices].join('\n\n');
  });
  return `${['Files of this folder contain code of these packages, under these licences.', ...printed].join('\n\n')}\n`;
}

/**
 * Bundling takes comments away, and with them what the authors of single parts ask to keep.
 * @param {Iterable<string>} files
 */
function noticesIn(files) {
  /** @type {Set<string>} */
  const notices = new Set();
  for (const file of files) {
    for (const [comment] of readFileSync(file, 'utf8').matchAll(/\/\*.*?\*\//gs)) {
      if (!/\bcopyright\b/i.test(comment)) continue;
      const lines = comment.split('\n').map((line) => line.replace(/^\s*\/?\*+\/?\s?|\s*\*+\/\s*$/g, '').trimEnd());
      notices.add(lines.join('\n').trim());
    }
  }
  return notices;
}
