/** A real PostgreSQL of the test, in a folder of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { areMissing } from './missing.js';
import { ended } from './test-server.js';

/** Where Debian has one folder for each version. */
const versions = '/usr/lib/postgresql';

/** It does not run as root: then it is nobody, as Debian numbers it. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Of the newest version that is installed. */
function programs(): string {
  const installed = existsSync(versions) ? readdirSync(versions).sort((one, other) => Number(one) - Number(other)) : [];
  return join(versions, installed.at(-1) ?? 'none', 'bin');
}

/** Whether tests with it have to be left out. */
export function postgresIsMissing(): boolean {
  return areMissing('PostgreSQL', join(programs(), 'postgres'), '/usr/bin/psql');
}

/** Everybody on this machine is its user `postgres`. */
export class PostgresServer implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(port: number): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-postgres-'));
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--no-locale', '--encoding=UTF8'];
    await promisify(execFile)(join(programs(), 'initdb'), initdb, { ...user, cwd: folder });
    const args = ['-D', data, '-h', '127.0.0.1', '-p', `${port}`, '-k', '', '-F'];
    const child = spawn(join(programs(), 'postgres'), args, {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const server = new PostgresServer(folder, child);
    try {
      await server.#ready();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  #ready(): Promise<void> {
    let said = '';
    return new Promise((resolve, reject) => {
      this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('ready to accept connections')) resolve();
      });
      this.child.once('exit', () => reject(new Error(`PostgreSQL has ended by itself: ${said}`)));
    });
  }

  /** SIGQUIT ends it with all of its processes, also while it has clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    await ended(this.child, 'SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }
}
