/** What the pages call by name is there under that name: options, variables, flags, metrics, codes, scripts, files. */

import { existsSync, readdirSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { WebSocket } from 'ws';
import { parseDocument, visit } from 'yaml';
import { commonFlags } from '../../src/cli/arguments.js';
import { check } from '../../src/cli/check.js';
import type { Command } from '../../src/cli/command.js';
import { dev } from '../../src/cli/dev.js';
import { doctor } from '../../src/cli/doctor.js';
import { load } from '../../src/cli/load.js';
import { migrate } from '../../src/cli/migrate.js';
import { plan } from '../../src/cli/plan.js';
import { publish } from '../../src/cli/publish.js';
import { serve } from '../../src/cli/serve.js';
import { spec } from '../../src/cli/spec.js';
import { subscribe } from '../../src/cli/subscribe.js';
import { token } from '../../src/cli/token.js';
import { clientErrors } from '../../src/client/client-error.js';
import { connect } from '../../src/client/index.js';
import { streamErrors } from '../../src/client/streams/stream-error.js';
import { commandVariables, environmentName, flagName } from '../../src/config/layers.js';
import { limitsOf } from '../../src/config/limits.js';
import { type OptionValues, optionAt, optionPaths } from '../../src/config/options.js';
import { fanfare } from '../../src/index.js';
import { disconnectCodes } from '../../src/model/codes.js';
import { fanfareErrors } from '../../src/model/fanfare-error.js';
import { blocksOf, markdownIn, readPage, root, withoutBlocks } from './page.js';

const pages = markdownIn(root);

/** What the page says of Fanfare: the first column of the tables about other servers is about those. */
function textOf(page: string): string {
  const text = readPage(page);
  return page.startsWith('docs/moving/') ? text.replace(/^\|[^|]*\|/gm, '|') : text;
}

interface Mention {
  readonly where: string;
  readonly text: string;
}

/** Code spans of the pages, and those of the descriptions in the API's document. */
const spans: readonly Mention[] = [
  ...pages.map((page) => [page, withoutBlocks(textOf(page))] as const),
  ...describedApi(),
].flatMap(([where, text]) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => ({ where, text: span })));

function describedApi(): (readonly [string, string])[] {
  const path = 'docs/api/openapi.yaml';
  const texts: (readonly [string, string])[] = [];
  visit(parseDocument(readPage(path)), {
    Pair: (_, { key, value }) => {
      const name = String(key);
      if (name === 'description' || name === 'summary') texts.push([path, String(value)]);
    },
  });
  return texts;
}

/** Whatever of a page matches, code included. */
function mentions(pattern: RegExp, texts: readonly string[] = pages): Mention[] {
  return texts.flatMap((page) => [...textOf(page).matchAll(pattern)].map(([text]) => ({ where: page, text })));
}

function unknown(found: readonly Mention[], known: (text: string) => boolean): string[] {
  expect(found.length).toBeGreaterThan(5);
  return found.filter(({ text }) => !known(text)).map(({ where, text }) => `${where}: ${text}`);
}

// safe: of every option its default
const defaults = Object.fromEntries(
  optionPaths.map((path) => [path, optionAt(path).default]),
) as unknown as OptionValues;

test('options', () => {
  const groups = new Set(optionPaths.filter((path) => path.includes('.')).map((path) => path.split('.')[0]));
  const inTheLibrary = Object.keys(limitsOf(defaults)).map((limit) => `limits.${limit}`);
  const ofRules = ['history.size', 'history.ttl', 'history.read'];
  const known = new Set<string>([...optionPaths, ...inTheLibrary, ...ofRules]);
  const files = /\.(key|ts|mjs|yaml)$/;
  const found = spans.flatMap(({ where, text }) => {
    const [, name = '', group = ''] = /^(([a-z]+)\.[a-zA-Z]+)\b(?![.(])/.exec(text) ?? [];
    return (groups.has(group) || group === 'history') && !files.test(name) ? [{ where, text: name }] : [];
  });
  expect(unknown(found, (name) => known.has(name))).toEqual([]);
});

test('comments in deploy/ name options', () => {
  const files = readdirSync(`${root}deploy`, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length));
  const found = mentions(/\b(limits|shutdown|transports|internal|token|api)\.[a-z]+[A-Z]?\w*/g, paths);
  const isFile = /^(?:(?:token|api)\.key|limits\.(?:d|conf))$/;
  expect(unknown(found, (name) => optionPaths.some((path) => path === name) || isFile.test(name))).toEqual([]);
});

test('variables of the environment', () => {
  const known = new Set<string>([...optionPaths.map(environmentName), ...Object.values(commandVariables)]);
  expect(unknown(mentions(/(?<!\w)FANFARE_[A-Z_]+(?!…)\b/g), (name) => known.has(name))).toEqual([]);
});

const commands: readonly Command[] = [serve, dev, check, migrate, spec, plan, load, doctor, token, publish, subscribe];
const optionFlags = optionPaths.flatMap((path) => [flagName(path), `no-${flagName(path)}`]);
const flagsOf = ({ flags }: Command) => new Set([...Object.keys({ ...flags, ...commonFlags }), ...optionFlags]);

test('commands and their flags', () => {
  const lines = mentions(/(?<=(?:npx |`|\$\()fanfare )[a-z]+(?: (?!<file)[^|>`&;\n]*)?/g);
  const faults = lines.flatMap(({ where, text }) => {
    const [name = ''] = text.split(' ');
    const command = commands.find((one) => one.name === name);
    if (command === undefined) return [`${where}: fanfare ${name}`];
    const flags = [...text.matchAll(/(?<= )--([a-z-]+)/g)].map(([, flag = '']) => flag);
    return flags.filter((flag) => !flagsOf(command).has(flag)).map((flag) => `${where}: fanfare ${name} --${flag}`);
  });
  expect(lines.length).toBeGreaterThan(30);
  expect(faults).toEqual([]);
});

test('flags that are named alone', () => {
  const known = new Set(commands.flatMap((command) => [...flagsOf(command)]));
  const found = spans.filter(({ where, text }) => /^--[a-z]/.test(text) && !where.startsWith('bench/'));
  expect(unknown(found, (text) => known.has(/^--([a-z-]+)/.exec(text)?.[1] ?? ''))).toEqual([]);
});

test('metrics', () => {
  const listed = new Set(mentions(/(?<=^\| `)fanfare_\w+/gm, ['docs/operations/metrics.md']).map(({ text }) => text));
  const found = mentions(/(?<=[`('"{ ])fanfare_[a-z0-9_]+(?!…|\w)/g, [...pages, 'deploy/kubernetes/autoscaler.yaml']);
  /** A histogram has three names more. */
  const isListed = (name: string) => listed.has(name) || listed.has(name.replace(/_(bucket|sum|count)$/, ''));
  // The changelog also names those that there were before.
  const former = new Set(['fanfare_event_loop_lag_seconds']);
  // Of NATS.
  const streams = new Set(['fanfare_once', 'fanfare_life']);
  // Of HAProxy.
  const proxies = new Set(['fanfare_tls']);
  expect(
    unknown(found, (name) => isListed(name) || former.has(name) || streams.has(name) || proxies.has(name)),
  ).toEqual([]);
});

test('codes of errors', () => {
  const known = (name: string) =>
    Object.hasOwn(fanfareErrors, name) ||
    Object.hasOwn(clientErrors, name) ||
    streamErrors.some((code) => code === name);
  expect(unknown(mentions(/\bERR_[A-Z_]+\b/g), known)).toEqual([]);
});

test('numbers that close a connection', () => {
  const known = new Set<string>(Object.values(disconnectCodes).map(({ code }) => String(code)));
  const ends = new Set(['3499', '3999']);
  // The changelog also names codes that there were before.
  const found = pages
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) => {
      const prose = withoutBlocks(textOf(page))
        .replace(/## What is not spoken[\s\S]*/, '')
        .replace(/https?:\S+/g, '');
      return [...prose.matchAll(/(?<![\w.,:#/-])3[05]\d\d(?![\w]|,\d)/g)].map(([text]) => ({ where: page, text }));
    });
  expect(unknown(found, (code) => known.has(code) || ends.has(code))).toEqual([]);
});

test('scripts of npm', () => {
  const { scripts } = JSON.parse(readPage('package.json'));
  expect(unknown(mentions(/(?<=npm run (?:--silent )?)[a-z:-]+/g), (name) => Object.hasOwn(scripts, name))).toEqual([]);
});

test('files of the repository', () => {
  const folders =
    /^(?:src|test|docs|deploy|examples|bench|scripts|findings|engine|model|server|cli|client|transports|brokers|http|observe|protocols)\//;
  const found = spans.filter(({ text }) => folders.test(text) && !/[\s*{}…]|NAME|\/profiles\//.test(text));
  // What an exercise makes is in its block.
  const made = new Set(blocksOf(readPage('CONTRIBUTING.md')).map(({ label }) => label));
  const exists = (path: string) => existsSync(root + path) || existsSync(`${root}src/${path}`) || made.has(path);
  expect(unknown(found, exists)).toEqual([]);
});

it('what the application and the client can do', async () => {
  const app = fanfare({});
  const client = connect('ws://127.0.0.1:1', { lazy: true, websocket: WebSocket });
  const objects: Readonly<Record<string, object>> = { app, client };
  const found = spans.filter(
    ({ where, text }) => /^(?:app|client)\.[a-z]\w*/.test(text) && !where.endsWith('centrifugo.md'),
  );
  const isFile = /^\w+\.(ts|mjs|proto)$/;
  try {
    const exists = (text: string) => {
      const [, object = '', member = ''] = /^(\w+)\.(\w+)/.exec(text) ?? [];
      return isFile.test(text) || member in (objects[object] ?? {});
    };
    expect(unknown(found, exists)).toEqual([]);
  } finally {
    client.close();
    await app.close();
  }
});

test('no page tells of codes that are never sent', () => {
  const [row = ''] = /^\| codes .*(?=\| never sent)/m.exec(readPage('PROTOCOL.md')) ?? [];
  const never = new Set(row.match(/\d{4}/g));
  expect(never.size).toBeGreaterThan(3);
  const told = pages
    .filter((page) => page !== 'PROTOCOL.md' && page !== 'CHANGELOG.md')
    .flatMap((page) =>
      [...withoutBlocks(textOf(page)).matchAll(/(?<![\w.,:–-])\d{4}(?![\w,–-])/g)].map(([code]) => ({ page, code })),
    );
  expect(told.filter(({ code }) => never.has(code))).toEqual([]);
});
