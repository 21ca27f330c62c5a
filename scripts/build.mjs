// @ts-check
/** Builds dist/: compiles src/, then adds the example page; the finished folder replaces the old one in one step. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

/** Folders that are no TypeScript and are read when the program runs. */
const verbatim = ['brokers/redis/lua'];
const target = join(root, 'dist');
const staging = join(root, `dist.${process.pid}.next`);
const replaced = join(root, `dist.${process.pid}.old`);

try {
  compile();
  await addExample('chat');
  if (existsSync(target)) renameSync(target, replaced);
  renameSync(staging, target);
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  for (const path of [staging, replaced]) rmSync(path, { recursive: true, force: true });
}

function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', staging];
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) throw new Error('tsc reported errors');
  for (const folder of verbatim) cpSync(join(root, 'src', folder), join(staging, folder), { recursive: true });
  const command = join(staging, 'cli', 'main.js');
  if (existsSync(command)) chmodSync(command, 0o755);
}

/**
 * An example with a page has `examples/<name>/build.mjs`, which exports `build({ distDir, outDir })`: it writes static
 * files to outDir and may bundle the compiled package from distDir.
 * @param {string} name
 */
async function addExample(name) {
  const script = join(root, 'examples', name, 'build.mjs');
  if (!existsSync(script)) return;
  const { build } = await import(pathToFileURL(script).href);
  await build({ distDir: staging, outDir: join(staging, `examples-${name}`) });
}
