/** `fanfare serve` with a certificate of its own: who gets in how, renewal, and what is said of bad files. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Centrifuge } from 'centrifuge';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder, fanfare } from '../cli/fanfare-process.js';
import { askHttp2, openHttp2 } from '../support/clients/http2-peer.js';
import { makeCertificate, type TestCertificate } from '../support/programs/certificate.js';

const [first, second] = [makeCertificate(), makeCertificate()];
afterAll(() => {
  first[Symbol.dispose]();
  second[Symbol.dispose]();
});

function install({ certFile, keyFile }: TestCertificate, folder: Folder): void {
  copyFileSync(keyFile, join(folder.path, 'key.pem'));
  copyFileSync(certFile, join(folder.path, 'cert.pem'));
}

async function shownBy(url: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return raw.toString('base64');
}

const inPem = ({ cert }: TestCertificate) => cert.split('\n').slice(1, -2).join('');

const flags = ['--port', '0', '--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem'];

describe('a certificate', () => {
  test('opens the port for HTTP/2, and for WebSocket over HTTP/1.1', async () => {
    using folder = new Folder();
    install(first, folder);
    folder.write('fanfare.yaml', 'anonymous: true');
    await using server = new FanfareProcess(flags, { folder });
    const url = await server.listening();
    expect(url).toMatch(/^https:/);
    const session = await openHttp2(url, first.cert);
    expect((await askHttp2(session, { ':path': '/health/ready' })).status).toBe(200);
    session.close();
    class TrustingSocket extends WebSocket {
      constructor(address: string) {
        super(address, { ca: first.cert });
      }
    }
    const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: TrustingSocket });
    const connected = new Promise((resolve) => client.on('connected', resolve));
    client.connect();
    await connected;
    client.disconnect();
  });

  test('is read again on SIGHUP, and by itself when its files change', async () => {
    using folder = new Folder();
    install(first, folder);
    await using server = new FanfareProcess([...flags, '--log-level', 'info'], { folder });
    const url = await server.listening();
    expect(await shownBy(url)).toBe(inPem(first));
    install(second, folder);
    server.signal('SIGHUP');
    await server.seen('stderr', /configuration reloaded/);
    expect(await shownBy(url)).toBe(inPem(second));
    install(first, folder);
    await server.seen('stderr', /certificate replaced/);
    expect(await shownBy(url)).toBe(inPem(first));
  });

  test('B113: that cannot be used any more changes nothing on SIGHUP', async () => {
    using folder = new Folder();
    install(first, folder);
    await using server = new FanfareProcess(flags, { folder });
    const url = await server.listening();
    copyFileSync(second.keyFile, join(folder.path, 'key.pem'));
    server.signal('SIGHUP');
    await server.seen('stderr', /reload failed/);
    expect(await shownBy(url)).toBe(inPem(first));
  });
});

describe('fanfare check', () => {
  test.each([
    [['--tls-cert-file', 'cert.pem'], 'tls.certFile'],
    [['--tls-key-file', 'key.pem'], 'tls.keyFile'],
    [['--tls-cert-file', 'cert.pem', '--tls-key-file', 'cert.pem'], 'tls.keyFile'],
    [['--tls-cert-file', 'nowhere.pem', '--tls-key-file', 'key.pem'], 'tls.certFile'],
  ])('B107: refuses %j and names %s', async (args, key) => {
    using folder = new Folder();
    install(first, folder);
    const { code, stderr } = await fanfare(['check', ...args], { folder });
    expect(code).not.toBe(0);
    expect(stderr).toContain(key);
  });

  test('B111, B112: warns of a key that everybody can read, and shows nothing of it', async () => {
    using folder = new Folder();
    install(first, folder);
    folder.write('open.pem', first.key, 0o644);
    const { code, stdout, stderr } = await fanfare(
      ['check', '--tls-cert-file', 'cert.pem', '--tls-key-file', 'open.pem'],
      { folder },
    );
    expect(code).toBe(0);
    expect(stdout + stderr).toContain('chmod 600 open.pem');
    expect(stdout + stderr).not.toContain(first.key.split('\n')[1]);
  });
});
