/** The application of deploy/aws as its template bundles it, or another one in its place. */

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface BuildProperties {
  readonly External: string[];
  readonly Format: 'esm';
  readonly Target: string;
  readonly Banner: readonly string[];
}

export const deployedApp = `${root}deploy/aws/app.ts`;

/** Writes `app.mjs` into the folder. @param source default: the application that is deployed; @returns its path */
export async function bundleDeployed(folder: string, source = deployedApp): Promise<string> {
  const template = parse(readFileSync(`${root}deploy/aws/template.yaml`, 'utf8'), { logLevel: 'silent' });
  const { External, Format, Target, Banner }: BuildProperties = template.Resources.Clients.Metadata.BuildProperties;
  const entry = join(folder, 'app.ts');
  // Nothing is to be found beside it.
  if (source === deployedApp) copyFileSync(source, entry);
  const outfile = join(folder, 'app.mjs');
  await build({
    entryPoints: [source === deployedApp ? entry : source],
    outfile,
    bundle: true,
    platform: 'node',
    minify: true,
    format: Format,
    target: Target,
    external: External,
    banner: { js: String(Banner[0]).replace(/^js=/, '') },
    alias: { fanfare: `${root}dist/index.js`, 'fanfare/aws': `${root}dist/aws/index.js` },
    logLevel: 'silent',
  });
  return outfile;
}
