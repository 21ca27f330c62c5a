/** The clients that are asked: what they are called, where their version is pinned, and how each is started. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runtimePath } from '../../../scripts/runtime-binary.mjs';
import type { Command } from './client-program.js';

export type Language = 'browser' | 'node' | 'go' | 'java' | 'python' | 'rust';
export type Kind = 'websocket' | 'events' | 'lines';

export interface FieldClient {
  readonly id: string;
  readonly kind: Kind;
  readonly language: Language;
  /** As the page has it. */
  readonly name: string;
  readonly version: string;
  /** Whether a file of this folder, or package.json, says which version. Otherwise it is the machine's. */
  readonly isPinned: boolean;
  readonly command: Command;
  /** Seconds that it is watched, where what it does takes longer than with others. */
  readonly patienceSec?: number;
}

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const field = `${root}test/clients/field/`;
/** Where `npm run test:clients` puts what it installs. */
export const installed = `${root}.cache/clients/`;

interface Version {
  readonly version: string;
  readonly isPinned: boolean;
}

const read = (path: string) => readFileSync(path, 'utf8');

function found(text: string, pattern: RegExp, what: string): Version {
  const version = pattern.exec(text)?.[1];
  if (version === undefined) throw new Error(`no version of ${what}`);
  return { version: version.replace('.Final', ''), isPinned: true };
}

/** What a program says of itself. */
function says(program: string, args: readonly string[], pattern: RegExp): Version {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) return { version: 'none', isPinned: false };
  return { ...found(`${stdout}${stderr}`, pattern, program), isPinned: false };
}

const quoted = (name: string) => name.replaceAll(/[.*+?/]/g, '\\$&');
const ofGo = (name: string) => found(read(`${field}go/go.mod`), RegExp(`${quoted(name)} v(\\S+)`), name);
const ofJava = (name: string) =>
  found(read(`${field}java/pom.xml`), RegExp(`<artifactId>${quoted(name)}</artifactId><version>([^<]+)<`), name);
const ofPython = (name: string) =>
  found(read(`${field}python/requirements.txt`), RegExp(`^${quoted(name)}==(\\S+)$`, 'm'), name);
const ofRust = (name: string) =>
  found(read(`${field}rust/Cargo.lock`), RegExp(`name = "${quoted(name)}"\nversion = "([^"]+)"`), name);
const ofNode = (name: string) =>
  found(read(`${field}node/package.json`), RegExp(`"${name}": "(?:npm:\\w+@)?([^"]+)"`), name);
const ofRoot = (name: string) => found(read(`${root}package.json`), RegExp(`"${name}": "(?:npm:\\w+@)?([^"]+)"`), name);

function go(kind: Kind, id: string, name: string, version: Version): FieldClient {
  return { id, kind, language: 'go', name, ...version, command: { program: `${installed}go`, args: [id] } };
}

function java(kind: Kind, id: string, name: string, version: Version): FieldClient {
  const args = ['-XX:TieredStopAtLevel=1', '-cp', `${installed}java:${installed}jars/*`, 'Clients', id];
  return { id, kind, language: 'java', name, ...version, command: { program: 'java', args } };
}

function python(kind: Kind, id: string, name: string, version: Version, patienceSec?: number): FieldClient {
  const command = { program: `${installed}python/bin/python`, args: [`${field}python/clients.py`, id] };
  return { id, kind, language: 'python', name, ...version, command, ...(patienceSec !== undefined && { patienceSec }) };
}

function rust(kind: Kind, id: string, name: string): FieldClient {
  const command = { program: `${installed}rust/debug/clients`, args: [id] };
  return { id, kind, language: 'rust', name, ...ofRust(id), command };
}

/** @param major of Node's, where it is not the one at hand */
function node(kind: Kind, id: string, name: string, version: Version, major?: string): FieldClient {
  const program = major === undefined ? process.execPath : runtimePath('node', major);
  const fullId = major === undefined ? id : `${id}-${major}`;
  const command = { program, args: [`${installed}node/clients.mjs`, id] };
  return { id: fullId, kind, language: 'node', name, ...version, command };
}

function chromium(kind: Kind, id: string, name: string): FieldClient {
  const command = { program: process.execPath, args: [`${field}node/chromium.mjs`, id] };
  return { id: `chromium-${id}`, kind, language: 'browser', name, ...chromiumVersion(), command };
}

const chromiumVersion = () => says('chromium', ['--version'], /(\d+)\./);
const nodeVersion = (major: string) => says(runtimePath('node', major), ['--version'], /v(\S+)/);
const goVersion = () => says('go', ['version'], /go(\d\S+)/);
const javaVersion = () => says('java', ['-version'], /version "(\d+[\d.]*)/);
const pythonVersion = () => says(`${installed}python/bin/python`, ['--version'], /(\d\S+)/);

/** Asks programs for their versions, so they have to be installed. */
export function catalogue(): readonly FieldClient[] {
  const ownSocket = (major: string) => node('websocket', 'own', "Node's own `WebSocket`", nodeVersion(major), major);
  return [
    chromium('websocket', 'websocket', "Chromium's `WebSocket`"),
    ownSocket('22'),
    ownSocket('24'),
    ownSocket('26'),
    node('websocket', 'undici6', 'Node, undici', ofRoot('undici6')),
    node('websocket', 'undici7', 'Node, undici', ofNode('undici7')),
    node('websocket', 'undici8', 'Node, undici', ofNode('undici8'), '26'),
    node('websocket', 'ws', 'Node, ws', ofRoot('ws')),
    go('websocket', 'coder', 'Go, coder/websocket', ofGo('github.com/coder/websocket')),
    go('websocket', 'gobwas', 'Go, gobwas/ws', ofGo('github.com/gobwas/ws')),
    go('websocket', 'gorilla', 'Go, gorilla/websocket', ofGo('github.com/gorilla/websocket')),
    go('websocket', 'x-net', 'Go, x/net/websocket', ofGo('golang.org/x/net')),
    java('websocket', 'java.net.http', 'Java, `java.net.http`', javaVersion()),
    java('websocket', 'Java-WebSocket', 'Java, Java-WebSocket', ofJava('Java-WebSocket')),
    java('websocket', 'Jetty', 'Java, Jetty', ofJava('jetty-websocket-jetty-client')),
    java('websocket', 'Netty', 'Java, Netty', ofJava('netty-codec-http')),
    java('websocket', 'nv', 'Java, nv-websocket-client', ofJava('nv-websocket-client')),
    java('websocket', 'OkHttp', 'Java, OkHttp', ofJava('okhttp-jvm')),
    python('websocket', 'aiohttp', 'Python, aiohttp', ofPython('aiohttp')),
    python('websocket', 'httpx-ws', 'Python, httpx-ws', ofPython('httpx-ws')),
    python('websocket', 'websocket-client', 'Python, websocket-client', ofPython('websocket-client')),
    python('websocket', 'websockets', 'Python, websockets', ofPython('websockets')),
    rust('websocket', 'tokio-tungstenite', 'Rust, tokio-tungstenite'),

    chromium('events', 'events', "Chromium's `EventSource`"),
    node('events', 'eventsource', 'Node, eventsource', ofNode('eventsource'), '26'),
    node('events', 'eventsource-client', 'Node, eventsource-client', ofNode('eventsource-client')),
    node('events', 'undici8-events', 'Node, undici', ofNode('undici8'), '26'),
    go('events', 'launchdarkly', 'Go, launchdarkly/eventsource', ofGo('github.com/launchdarkly/eventsource')),
    go('events', 'r3labs', 'Go, r3labs/sse', ofGo('github.com/r3labs/sse/v2')),
    go('events', 'tmaxmax', 'Go, tmaxmax/go-sse', ofGo('github.com/tmaxmax/go-sse')),
    java('events', 'okhttp-eventsource', 'Java, okhttp-eventsource', ofJava('okhttp-eventsource')),
    java('events', 'okhttp-sse', 'Java, okhttp-sse', ofJava('okhttp-sse')),
    python('events', 'aiohttp-sse-client2', 'Python, aiohttp-sse-client2', ofPython('aiohttp-sse-client2'), 310),
    python('events', 'httpx-sse', 'Python, httpx with httpx-sse', ofPython('httpx-sse')),
    python('events', 'sseclient-py', 'Python, requests with sseclient-py', ofPython('sseclient-py')),
    rust('events', 'reqwest-eventsource', 'Rust, reqwest-eventsource'),

    node('lines', 'readline', 'Node, `fetch` with `readline`', nodeVersion('26'), '26'),
    go('lines', 'reader', 'Go, `bufio.Reader`', goVersion()),
    go('lines', 'scanner', 'Go, `bufio.Scanner`', goVersion()),
    java('lines', 'ofLines', 'Java, `BodyHandlers.ofLines`', javaVersion()),
    java('lines', 'okhttp-lines', 'Java, OkHttp, `readUtf8Line`', ofJava('okhttp-jvm')),
    python('lines', 'aiohttp-lines', 'Python, aiohttp, `async for`', ofPython('aiohttp'), 310),
    python('lines', 'httpx-lines', 'Python, httpx, `iter_lines`', ofPython('httpx')),
    python('lines', 'requests-lines', 'Python, requests, `iter_lines`', ofPython('requests')),
    python('lines', 'urllib-lines', 'Python, urllib', pythonVersion()),
  ];
}
