/** How the pages install Fanfare, done as they say it: the package of this repository, with what it depends on from npm. */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { blocksOf, readPage, root } from './page.js';

const run = promisify(execFile);
/** npm installs over the network, beside whatever else the machine has to do. */
const timeoutMs = 400_000;

const above = mkdtempSync(join(tmpdir(), 'fanfare-install-'));
afterAll(() => rmSync(above, { recursive: true, force: true }));

/** The commands of a page that make or install the package. */
function commandsOf(path: string): string {
  const block = blocksOf(readPage(path)).find(({ language, text }) => language === 'sh' && text.includes('npm pack'));
  if (block === undefined) throw new Error(`${path} does not say how to install`);
  return block.text;
}

async function shell(commands: string, folder: string): Promise<string> {
  const { stdout } = await run('sh', ['-euc', commands], {
    cwd: folder,
    env: {
      ...process.env,
      // Tests run on what has been built, which others are running now.
      npm_config_ignore_scripts: 'true',
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    },
  });
  return stdout;
}

const version: string = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version;

test('beside a clone: the command runs, and the library is imported', { timeout: timeoutMs }, async () => {
  const folder = join(above, 'application');
  mkdirSync(folder);
  symlinkSync(root, join(above, 'fanfare'));
  await shell(commandsOf('docs/guide/getting-started.md'), folder);
  expect(await shell('npx --no-install fanfare --version', folder)).toContain(version);
  const program = "import { fanfare } from 'fanfare'; import 'fanfare/client'; console.log(typeof fanfare);";
  writeFileSync(join(folder, 'program.js'), program);
  expect(await shell('node program.js', folder)).toBe('function\n');
});

test('for systemd: the unit finds what has been installed', { timeout: timeoutMs }, async () => {
  const target = join(above, 'opt');
  const commands = commandsOf('docs/operations/deploying.md').split('\n');
  expect(commands[0]).toBe('npm pack');
  const install = commands.find((line) => line.includes('npm install')) ?? '';
  expect(install).toContain('/opt/fanfare');
  // With the package that is there from above.
  await shell(install.replaceAll('sudo ', '').replaceAll('/opt/fanfare', target), join(above, 'application'));
  const unit = readFileSync(`${root}deploy/systemd/fanfare.service`, 'utf8');
  const [, program = ''] = /^ExecStart=.*?(\/opt\/fanfare\/\S+)/m.exec(unit) ?? [];
  expect(program).not.toBe('');
  const installed = program.replace('/opt/fanfare', target);
  expect(existsSync(installed), installed).toBe(true);
  expect(await shell(`node '${installed}' --version`, above)).toContain(version);
  expect(existsSync(join(target, 'node_modules/@redis/client'))).toBe(true);
});

test('a package is built before it is made', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  expect(scripts.prepack).toBe('npm run build');
});

test('no page installs a name that is not registered', () => {
  for (const path of [
    'README.md',
    'docs/guide/getting-started.md',
    'docs/guide/backend.md',
    'docs/operations/deploying.md',
  ])
    expect(readPage(path), path).not.toMatch(/npm (?:i|install|add)\b[^\n`]* fanfare(?:@|\s|`)/);
});
