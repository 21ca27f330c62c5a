/** `fanfare spec`: a server's contract as an AsyncAPI document, for programs in other languages. */

import { stringify } from 'yaml';
import type { AsyncApiDocument } from '../asyncapi/document.js';
import type { ClientAccess, SpecOptions } from '../asyncapi/options.js';
import type { Config } from '../config/config.js';
import { defined } from '../model/defined.js';
import { ConfiguredServer } from '../server/from-config.js';
import { type Command, type CommandContext, exitCodes, flagText, type ParsedArguments, UsageError } from './command.js';
import { loadOrExplain, sourcesOf, warn } from './configuration.js';
import { declaredApplication } from './declared-application.js';

export const spec: Command = {
  name: 'spec',
  usage: '[flags]',
  about: [
    'Prints an AsyncAPI 3.0 document of what clients can do: channels, messages, procedures, who may.',
    'It is about the configuration, or with --app about an application that uses fanfare as a library. The module is',
    'loaded for that: keep the declarations in one that does not listen.',
  ],
  flags: {
    app: {
      about:
        'Module with the application, and the name of its export: ./app.ts#app. It may export an application, its channels or a function that makes it. Default names: app, default, channels.',
      value: 'file#export',
    },
    format: { about: 'yaml or json. Default: yaml.', value: 'format' },
    title: { about: 'Title of the document. Default: Fanfare.', value: 'text' },
    'api-version': { about: 'Version of the contract. Default: 1.0.0.', value: 'version' },
    url: { about: 'Where clients connect. Default: ws://localhost and the port.', value: 'url' },
  },
  listsOptions: false,
  async run(parsed, context) {
    const { terminal } = context;
    const format = formatOf(parsed);
    let document: AsyncApiDocument | undefined;
    try {
      document = await documentOf(parsed, context);
    } catch (error) {
      // By name, since an application may have another copy of this package.
      if (!(error instanceof Error && error.name === 'FanfareError')) throw error;
      terminal.err(`${terminal.styleErr('red', 'error')} ${error.message}`);
    }
    if (document === undefined) return exitCodes.failed;
    const text = format === 'json' ? JSON.stringify(document, null, 2) : stringify(document, yamlStyle).trimEnd();
    terminal.out(text);
    return exitCodes.ok;
  },
};

/** Schemas that are the same object are written out, since not every YAML reader supports aliases. */
const yamlStyle = { lineWidth: 0, aliasDuplicateObjects: false };

/** @throws UsageError */
function formatOf(parsed: ParsedArguments): 'yaml' | 'json' {
  const format = flagText(parsed, 'format') ?? 'yaml';
  if (format !== 'yaml' && format !== 'json') throw new UsageError(`--format: "${format}" is neither yaml nor json`);
  return format;
}

/** `undefined` on failure, with the reason on standard error. */
async function documentOf(parsed: ParsedArguments, context: CommandContext): Promise<AsyncApiDocument | undefined> {
  const { terminal, folder } = context;
  const title = flagText(parsed, 'title');
  const version = flagText(parsed, 'api-version');
  const url = flagText(parsed, 'url');
  const options: SpecOptions = {
    ...defined({ title, version, url }),
    onUnknown: ({ what, reason }) => warn([`${what} is unknown: ${reason}`], terminal),
  };
  const reference = flagText(parsed, 'app');
  if (reference !== undefined) {
    if (parsed.options.size > 0 || parsed.flags.has('config')) {
      throw new UsageError('--app is about an application, which has no configuration: leave the other flags out');
    }
    const { app, convert } = await declaredApplication(reference, folder);
    return app.spec({ ...options, convert });
  }
  const config = await loadOrExplain(sourcesOf(parsed, context, 'production'), terminal);
  if (config === undefined) return undefined;
  const { app } = new ConfiguredServer(config);
  try {
    return app.spec({ url: `ws://localhost:${config.values.port}`, ...options, access: accessOf(config) });
  } finally {
    await app.close(0);
  }
}

function accessOf({ values, secrets, tokenKeys }: Config): ClientAccess {
  const asksBackend = values['hooks.connect'] !== undefined;
  const hasKeys = secrets.length + tokenKeys.length + values['token.jwks'].length > 0;
  return {
    tokens: asksBackend ? 'application' : hasKeys ? 'jwt' : 'none',
    anonymous: values.anonymous && !asksBackend,
  };
}
