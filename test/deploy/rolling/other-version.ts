/** The `fanfare` command as it was at a commit, built in a folder of its own. */

import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Folder } from '../../cli/fanfare-process.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

export class OtherVersion extends Folder {
  /** To be run by Node. */
  readonly script = join(this.path, 'dist/cli/main.js');

  /** @param commit anything that names one in this repository */
  static async build(commit: string): Promise<OtherVersion> {
    const version = new OtherVersion();
    const at = (name: string) => join(version.path, name);
    try {
      await execute('git', ['-C', root, 'archive', '--output', at('version.tar'), commit]);
      await execute('tar', ['-xf', at('version.tar'), '-C', version.path]);
      await symlink(join(root, 'node_modules'), at('node_modules'));
      await execute(process.execPath, ['scripts/build.mjs'], { cwd: version.path });
      return version;
    } catch (error) {
      version[Symbol.dispose]();
      throw error;
    }
  }
}
