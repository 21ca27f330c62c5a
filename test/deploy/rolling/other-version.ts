/** The `fanfare` command as it was at a commit, built in a folder of its own. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

export class OtherVersion implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  /** @param commit anything that names one in this repository */
  static async build(commit: string): Promise<OtherVersion> {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-version-'));
    const version = new OtherVersion(folder);
    try {
      await execute('git', ['-C', root, 'archive', '--output', join(folder, 'version.tar'), commit]);
      await execute('tar', ['-xf', join(folder, 'version.tar'), '-C', folder]);
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      await execute(process.execPath, ['scripts/build.mjs'], { cwd: folder });
      return version;
    } catch (error) {
      await version[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** To be run by Node. */
  get script(): string {
    return join(this.folder, 'dist/cli/main.js');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
