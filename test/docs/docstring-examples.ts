/** The examples of docstrings as listings that compile: what one uses and does not declare is imported, or declared before it. */

import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { type Block, root } from './page.js';

/** Where names come from that an example uses without saying so. */
const exported: Readonly<Record<string, readonly string[]>> = {
  fanfare: ['fanfare', 'channel', 'rpc', 'RpcError', 'bytes', 'jwt', 'memory', 'defineConfig'],
  'fanfare/client': ['connect', 'tag', 'allOf', 'anyOf', 'not', 'LongPollingSocket'],
  'fanfare/client/protobuf': ['protobuf'],
  'fanfare/client/dictionary': ['dictionary'],
  'fanfare/client/streams': ['streams'],
  'fanfare/react': ['createFanfare'],
  'fanfare/ai-sdk': ['chatTransport', 'pipeChat', 'messageOf'],
  'fanfare/aws': ['lambda', 'dynamoDbStore', 'redisStore', 'consoleLog'],
  'fanfare/conformance': ['brokerSuite', 'controlChannelSuite'],
  'fanfare/redis': ['redis'],
  'fanfare/nats': ['nats'],
  'fanfare/rabbitmq': ['rabbitmq'],
  centrifuge: ['Centrifuge'],
  react: ['useEffect'],
  '@ai-sdk/react': ['useChat'],
  ai: ['streamText', 'toUIMessageStream'],
  vitest: ['describe', 'test'],
  zod: ['z'],
};

const anyFunction = '(...values: unknown[]) => void';

/** What is there in the application that an example is from. A later file's name for the same replaces it. */
const present: Readonly<Record<string, string>> = {
  app: "ReturnType<typeof import('fanfare').fanfare<Record<string, any>, Record<string, any>>>",
  client: "import('fanfare/client').Client",
  reader: "import('fanfare/client').MessageReader<unknown>",
  room: "import('fanfare/client').Channel<any>",
  live: "import('fanfare/client').LiveChannel<any>",
  cursors: "import('fanfare/client').ChannelMap<any>",
  scores: "import('fanfare').AppMap<unknown>",
  answer: "import('fanfare').AppStream<string>",
  chat: "import('fanfare/client/streams').Streams",
  stream: "import('fanfare/client/streams').Stream",
  transport: "import('fanfare/ai-sdk').FanfareChatTransport",
  messages: "import('ai').UIMessage[]",
  useChannel: "import('fanfare/react').FanfareHooks<import('fanfare/client').AnyApp>['useChannel']",
  usePresence: "import('fanfare/react').FanfareHooks<import('fanfare/client').AnyApp>['usePresence']",
  makeBrokers: "import('fanfare/conformance').BrokerSuiteOptions['make']",
  makeControlChannels: "import('fanfare/conformance').ControlChannelSuiteOptions['make']",
  channels: "Record<string, import('fanfare').ChannelDeclaration>",
  auth: "import('fanfare').Authenticator",
  server: "import('node:http').Server",
  model: 'any',
  applyDelta: '(value: string, item: unknown) => string',
  emptyMessage: 'string',
  show: anyFunction,
  draw: anyFunction,
  take: anyFunction,
  defineWebSocketHandler: '(hooks: unknown) => unknown',
  express: "() => import('node:http').RequestListener",
  createServer: "typeof import('node:http').createServer",
  event: 'unknown',
  id: 'string',
  key: 'string',
  cert: 'string',
  prompt: 'string',
  ticket: 'string',
  token: 'string',
};

/** In chats of the AI SDK, a chat is one of that. */
const ofChats: Readonly<Record<string, string>> = { chat: "import('fanfare/ai-sdk').FollowedChat" };

/** An answer that a client reads. */
const ofClients: Readonly<Record<string, string>> = { answer: "import('fanfare/client/streams').Stream" };

/** Docstrings of what is no part of the public interface are left alone. */
const isPublic = (path: string) => !/\.test\.|^model\/defined/.test(path);

/** Each example by the file that it is in, with what it needs before its first line. */
export function docstringExamples(): { readonly page: string; readonly block: Block }[] {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => /\.tsx?$/.test(path) && isPublic(path))
    .sort()
    .flatMap((path) => examplesIn(`src/${path}`));
}

function examplesIn(page: string): { readonly page: string; readonly block: Block }[] {
  const text = readFileSync(root + page, 'utf8');
  return [...text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*@example(?:(?!\*\/)[\s\S])*\*\//g)].flatMap((docstring) => {
    const line = text.slice(0, docstring.index).split('\n').length;
    const lines = docstring[0].replace(/\s*\*\/$/, '').replace(/^ *(?:\/\*\*|\*) ?/gm, '');
    const examples = lines.split('@example').slice(1);
    return examples.map((example, at) => {
      const program = example
        .trim()
        .replace(/^@\w+[\s\S]*$/m, '')
        .replace(/^import type \{ App \} from .*$/m, "type App = import('fanfare/client').AnyApp;")
        .trim();
      const language = /<\w+ \w+=/.test(program) ? 'tsx' : 'ts';
      const given = {
        ...present,
        ...(page.startsWith('src/ai-sdk/') && ofChats),
        ...(page.startsWith('src/client/') && ofClients),
      };
      // On one line, so that the lines of the example stay as they are.
      const before = missingIn(program, given);
      return {
        page,
        block: { language, label: `docstring-${line}-${at}.${language}`, text: `${before}${program}\n`, line },
      };
    });
  });
}

function missingIn(program: string, given: Readonly<Record<string, string>>): string {
  const source = ts.createSourceFile('example.tsx', program, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const [used, declared] = [new Set<string>(), new Set<string>()];
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node) && !isMemberName(node)) used.add(node.text);
    const isNaming =
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isImportSpecifier(node);
    if (isNaming && isOutside(node) && node.name !== undefined && ts.isIdentifier(node.name))
      declared.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const missing = [...used].filter((name) => !declared.has(name));
  const imports = Object.entries(exported).flatMap(([from, names]) => {
    const wanted = missing.filter((name) => names.includes(name));
    return wanted.length === 0 ? [] : `import { ${wanted.join(', ')} } from '${from}';`;
  });
  const constants = missing.flatMap((name) =>
    given[name] === undefined ? [] : `declare const ${name}: ${given[name]};`,
  );
  return [...imports, ...constants, ''].join(' ');
}

/** Of the example itself, and not of a function in it. */
function isOutside(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) || ts.isSourceFile(node)) return ts.isSourceFile(node.parent ?? node);
  return !ts.isFunctionLike(node) && isOutside(node.parent);
}

/** Of something else, such as `b` in `a.b` and in `{ b: 1 }`. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  return ts.isBindingElement(parent) && parent.propertyName === node;
}
