/** AWS' runtime client for Node, and its emulator of the Runtime API in Go: built once, at pinned versions. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { installRuntime } from '../../../scripts/runtime-binary.mjs';
import { installPinned } from '../programs/pinned-packages.js';

export interface RuntimePrograms {
  readonly node: string;
  /** The client's main module. */
  readonly client: string;
  readonly emulator: string;
}

const clientVersion = '4.0.2';
const emulatorVersion = 'v0.0.0-20261030222936-bef5c4ba774d';
const emulatorModule = 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie';

/** What building needs, with an argument that it answers. */
const tools = { cmake: '--version', make: '--version', 'g++': '--version', python3: '--version', go: 'version' };

/** Programs that are not installed: without them it cannot be built. */
export function missingTools(): string[] {
  return Object.entries(tools).flatMap(([tool, argument]) =>
    spawnSync(tool, [argument], { stdio: 'ignore' }).status === 0 ? [] : [tool],
  );
}

/** @throws Error with what a compiler has said */
export function buildRuntimePrograms(): RuntimePrograms {
  // The client is for Node 22 and newer; the package of its binary has the headers for its native part.
  const node = installRuntime('node', '24');
  const folder = installPinned('lambda-runtime', { 'aws-lambda-ric': clientVersion });
  const client = join(folder, 'node_modules/aws-lambda-ric');
  const headers = join(dirname(node), '..');
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    npm_config_nodedir: headers,
    GOBIN: folder,
  };
  if (!existsSync(join(client, 'rapid-client.node'))) {
    run('sh', ['scripts/preinstall.sh'], client, env);
    run('sh', ['scripts/postinstall.sh'], client, env);
  }
  const emulator = join(folder, 'aws-lambda-rie');
  if (!existsSync(emulator)) run('go', ['install', `${emulatorModule}@${emulatorVersion}`], folder, env);
  return { node, client: join(client, 'index.mjs'), emulator };
}

function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status === 0) return;
  throw new Error(`${program} ${args.join(' ')} has failed: ${`${stdout}${stderr}`.slice(-2_000)}`);
}
