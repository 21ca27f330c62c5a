/** Bad inputs B1–B19: TCP, HTTP and the WebSocket upgrade, through raw sockets against a running server. */

import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/clients/raw-client.js';
import { closeOf, exchange, openSocket, statusesOf, upgradeRequest } from '../support/clients/raw-http.js';
import { RawWebSocket } from '../support/clients/raw-websocket.js';
import { canary, Oracle } from '../support/hardening/oracle.js';

const oracle = Oracle.ofFile();

/** Sends one upgrade request and asserts how it is refused, and that the connection is closed. */
async function expectRefusal(status: number, headers: Headers, request?: Parameters<typeof upgradeRequest>[2]) {
  expect(await statusesOf(oracle.port, upgradeRequest(oracle.port, headers, request))).toEqual([status]);
}

type Headers = Parameters<typeof upgradeRequest>[1];

describe.concurrent('peers that take their time', () => {
  /** Each has a server of its own, so that what it holds is told apart. */
  async function outlasted(attack: (port: number) => Promise<void>, logLines = 1): Promise<void> {
    await using own = await Oracle.start();
    await own.withstands(() => attack(own.port), logLines);
  }

  it('B1 silent connection → closed within 10 s', async () => {
    await outlasted(async (port) => {
      const { openMs } = await exchange(port, '');
      expect(openMs).toBeLessThan(15_000);
    });
  });

  it('B2 header drip → 408 within 10 s', async () => {
    await outlasted(async (port) => {
      const { responses, openMs } = await exchange(port, 'GET /connection/websocket HTTP/1.1\r\n', (socket) => {
        const timer = setInterval(() => socket.writable && socket.write('x'), 100);
        return () => clearInterval(timer);
      });
      expect(openMs).toBeLessThan(15_000);
      expect(responses.map(({ status }) => status)).toEqual([408]);
    });
  });

  it('B2 body drip → answered without waiting for the body, and closed', async () => {
    await outlasted(async (port) => {
      const head = `POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 100000\r\n\r\n`;
      const { responses, openMs } = await exchange(port, head, (socket) => {
        const timer = setInterval(() => socket.writable && socket.write('x'), 100);
        return () => clearInterval(timer);
      });
      // Whoever waits for the body does so for ten seconds.
      expect(openMs).toBeLessThan(8_000);
      expect(responses.map(({ status }) => status)).toEqual([404]);
    });
  });
});

describe('requests that are not HTTP, or too much of it', () => {
  oracle.attack('B3 20 KB header → 431', () => expectRefusal(431, { 'X-Long': canary + 'x'.repeat(20_000) }));

  oracle.attack('B4 2,100 headers → refused, no crash', async () => {
    const many = Object.fromEntries(Array.from({ length: 2_100 }, (_, i) => [`a${i.toString(36)}`, '']));
    // Before and behind the ones that matter: what is cut off is missing then.
    const request = upgradeRequest(oracle.port);
    const [line = '', ...rest] = request.split('\r\n');
    const names = Object.keys(many).map((name) => `${name}:`);
    // Newer Nodes refuse so many themselves, older ones cut them off, after which the request has no key.
    const statuses = await statusesOf(oracle.port, [line, ...names, ...rest].join('\r\n'));
    expect([[400], [431]]).toContainEqual(statuses);
  });

  oracle.attack.each([
    ['no Host', upgradeRequest(0, { Host: undefined })],
    ['two Hosts', upgradeRequest(0, { Host: ['a.example', 'b.example'] })],
    ['an empty Host', upgradeRequest(0, { Host: '' })],
    ['HTTP/1.0', upgradeRequest(0).replace('HTTP/1.1', 'HTTP/1.0')],
    ['garbage', `\u0000\u0001\u0002${canary}\r\n\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
  ])('B5 %s → 400 and closed', async (_, bytes) => expect(await statusesOf(oracle.port, bytes)).toEqual([400]));

  it.each([
    ['two Hosts', 'Host: a.example\r\nHost: b.example'],
    ['the same Host twice', 'Host: a\r\nhost: a'],
    ['two Hosts in one', 'Host: a.example,b.example'],
    ['a Host with a user', 'Host: user@a.example'],
    ['a Host with a path', 'Host: a.example/b'],
  ])('B5 %s, in a plain request → 400 and closed, whatever the path', async (_, host) => {
    for (const path of ['/health/live', '/nowhere', '/connection/websocket', '/connection/http_stream', '/emulation']) {
      await oracle.withstands(async () => {
        const second = `GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`;
        expect(await statusesOf(oracle.port, `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n${second}`)).toEqual([400]);
      });
    }
  });

  it('a target with its host in it is a target (RFC 9112, 3.2.2)', async () => {
    const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    await oracle.withstands(async () => {
      expect(await statusesOf(oracle.port, get('http://a.example/health/live'))).toEqual([200]);
      expect(await statusesOf(oracle.port, get('HTTP://a.example:80/nowhere?/health/live'))).toEqual([404]);
      expect(await statusesOf(oracle.port, get('http://a.example?x'))).toEqual([404]);
      const request = upgradeRequest(
        oracle.port,
        { 'Sec-WebSocket-Version': '12' },
        { path: 'http://a/connection/websocket' },
      );
      expect(await statusesOf(oracle.port, request)).toEqual([426]);
    }, 2);
  });

  oracle.attack('B6 Content-Length with Transfer-Encoding → 400 and closed', async () => {
    const smuggled = `GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`;
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await statusesOf(oracle.port, `${head}0\r\n\r\n${smuggled}`)).toEqual([400]);
  });

  it('B7 failed upgrade with a pipelined second request → closed, the second never runs', async () => {
    await oracle.withstands(async () => {
      const refused = upgradeRequest(oracle.port, { 'Sec-WebSocket-Version': '12' });
      const second = `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:${oracle.port}\r\n\r\n`;
      expect(await statusesOf(oracle.port, refused + second)).toEqual([426]);
    });
    await oracle.withstands(async () => {
      const refused = upgradeRequest(oracle.port, { 'Sec-WebSocket-Key': undefined });
      expect(await statusesOf(oracle.port, refused + upgradeRequest(oracle.port))).toEqual([400]);
    });
  });
});

describe('upgrades that are none', () => {
  oracle.attack('B8 POST → 405', () => expectRefusal(405, {}, { method: 'POST' }));

  oracle.attack.each([
    ['missing', undefined],
    ['empty', ''],
    ['too short', 'AAECAwQFBgcICQoLDA0O'],
    ['not base64', '!!!!AwQFBgcICQoLDA0ODw=='],
  ])('B9 %s key → 400', (_, key) => expectRefusal(400, { 'Sec-WebSocket-Key': key }));

  oracle.attack.each(['12', '14', '013', '13, 8', 'x', undefined])(
    'B10 version %s → 426, which tells the right one',
    async (version) => {
      const request = upgradeRequest(oracle.port, { 'Sec-WebSocket-Version': version });
      const { responses } = await exchange(oracle.port, request);
      expect(responses.map(({ status }) => status)).toEqual([426]);
      expect(responses[0]?.headers.get('sec-websocket-version')).toBe('13');
    },
  );

  oracle.attack('B11 version 8 → refused', () => expectRefusal(426, { 'Sec-WebSocket-Version': '8' }));

  it('B14 unclosed quoted extension ×10 k → 400 in under 5 ms', async () => {
    const offers = [
      `permessage-deflate; a="${'\\"'.repeat(5_000)}`,
      'a;b="'.repeat(2_000),
      `permessage-deflate; x="${'a'.repeat(10_000)}`,
      // Short enough to be parsed.
      `permessage-deflate; x="${'a'.repeat(900)}`,
    ];
    await oracle.withstands(async () => {
      for (const offer of offers) await expectSwift(400, { 'Sec-WebSocket-Extensions': offer });
    });
  });

  it('B15 16 k spaces in the subprotocol → answered in under 5 ms', async () => {
    const spaces = ' '.repeat(15_900);
    await oracle.withstands(async () => {
      await expectSwift(400, { 'Sec-WebSocket-Protocol': `a${spaces}b` });
      await expectSwift(400, { 'Sec-WebSocket-Protocol': `${','.repeat(15_900)}"` });
    });
  });

  oracle.attack.each([
    ['subprotocol that is no token', { 'Sec-WebSocket-Protocol': 'centrifuge-json, "a"' }],
    ['window_bits=7', { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=7' }],
    ['unknown parameter', { 'Sec-WebSocket-Extensions': 'permessage-deflate; surprise=1' }],
  ])('B16 %s → 400', (_, headers) => expectRefusal(400, headers));

  it.each(['h2c', 'websocket, h2c', 'WebSocket/8', 'TLS/1.3'])('B17 Upgrade: %s → never 101', async (protocol) => {
    const headers = { Upgrade: protocol, Connection: 'Upgrade, close' };
    // RFC 9110 section 7.8: as if the header were not there.
    await oracle.withstands(() => expectRefusal(426, headers));
    await oracle.withstands(() => expectRefusal(404, headers, { path: '/elsewhere' }));
  });

  oracle.attack.each(['', ',', 'centrifuge-json,', 'centrifuge-json, centrifuge-json', `a,${' '.repeat(15_000)},b`])(
    'B16 a list of subprotocols with empty or repeated elements is a list (RFC 9110, 5.6.1): %#',
    { atMost: 1 },
    async (offered) => {
      const socket = await RawWebSocket.open(oracle.port, { headers: { 'Sec-WebSocket-Protocol': offered } });
      await socket.close();
    },
  );

  it.each([
    ['of a length', { 'Content-Length': '6' }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('an upgrade with a body %s → 400, and no byte of it is taken for a frame', async (_, headers) => {
    const ping = '\x89\x80\x00\x00\x00\x00';
    await oracle.withstands(async () => {
      expect(await statusesOf(oracle.port, Buffer.from(upgradeRequest(oracle.port, headers) + ping, 'latin1'))).toEqual(
        [400],
      );
    });
  });

  it('B19 RST right after 101, ×1,000 → no leak', async () => {
    const connection = async () => (await RawWebSocket.open(oracle.port)).reset();
    const thousand = async () => {
      for (let round = 0; round < 50; round++) await Promise.all(Array.from({ length: 20 }, connection));
    };
    // The first ones also fill what the runtime keeps for itself, 20 MB on Node 26; a leak grows with the second, too.
    await oracle.withstands(thousand, { atMost: 1_000 });
    const before = await oracle.server.ask('memory');
    await oracle.withstands(thousand, { atMost: 1_000 });
    expect((await oracle.server.ask('memory')) - before).toBeLessThan(16 * 1_024 * 1_024);
  });

  it('B19 RST in the middle of the handshake, ×200 → no leak', async () => {
    const connection = async () => {
      const socket = await openSocket(oracle.port);
      const closed = closeOf(socket);
      socket.write(upgradeRequest(oracle.port).slice(0, 100), () => socket.resetAndDestroy());
      await closed;
    };
    await oracle.withstands(
      async () => {
        for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 20 }, connection));
      },
      { atMost: 200 },
    );
  });
});

const swiftMs = 5;
const swiftTries = 50;

/** The fastest of a few tries: a busy machine delays some, but a slow parser all. */
async function expectSwift(status: number, headers: Headers): Promise<void> {
  const request = upgradeRequest(oracle.port, headers);
  let swiftestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < swiftTries && swiftestMs >= swiftMs; i++) {
    const { responses, answerMs } = await exchange(oracle.port, request);
    expect(responses.map((response) => response.status)).toEqual([status]);
    swiftestMs = Math.min(swiftestMs, answerMs ?? Number.POSITIVE_INFINITY);
  }
  expect(swiftestMs).toBeLessThan(swiftMs);
}

describe('pages that have no business here', () => {
  const foreign = (host: string) => [
    'https://evil.example',
    'null',
    '',
    `http://${host}.evil.example`,
    `http://${host}@evil.example`,
    `http://evil.example/${host}`,
    `http://${host}/`,
    `http://x${host}`,
    `HTTP://${host}`,
    `ws://${host}`,
  ];

  it('B12 foreign, null, suffix or userinfo Origin → 403', async () => {
    const origins = foreign(`127.0.0.1:${oracle.port}`);
    await oracle.withstands(async () => {
      for (const Origin of origins) await expectRefusal(403, { Origin });
      await expectRefusal(403, { Origin: [`http://127.0.0.1:${oracle.port}`, 'https://evil.example'] });
    }, origins.length + 1);
  });

  it('B12 with a list of origins: all but these → 403', async () => {
    await using listed = await Oracle.start({ origins: ['https://app.example'] });
    const others = ['http://app.example', 'https://app.example:8443', 'https://app.example.'];
    const origins = [...foreign('app.example'), ...others];
    await listed.withstands(async () => {
      for (const Origin of origins)
        expect(await statusesOf(listed.port, upgradeRequest(listed.port, { Origin })), Origin).toEqual([403]);
      await (await RawWebSocket.open(listed.port, { headers: { Origin: 'https://app.example' } })).close();
    }, origins.length);
  });

  it('B13 no Origin with cookie auth → 403', async () => {
    const Cookie = `user=alice; session=${canary}`;
    await using byCookie = await Oracle.start({ auth: 'cookie' });
    await byCookie.withstands(async () => {
      expect(await statusesOf(byCookie.port, upgradeRequest(byCookie.port, { Cookie }))).toEqual([403]);
      const headers = { Cookie, Origin: `http://127.0.0.1:${byCookie.port}` };
      await (await RawClient.connect(byCookie.port, { headers })).close();
    });
  });
});

describe('B18 forged X-Forwarded-For', () => {
  it.each([
    ['is ignored unless the proxy is trusted', undefined, '6.6.6.6', '127.0.0.1', 0],
    ['is ignored when another proxy is trusted', ['10.0.0.0/8'], '6.6.6.6', '127.0.0.1', 0],
    ['is ignored and not written down when it is no address and nobody is trusted', undefined, canary, '127.0.0.1', 0],
    ['is ignored left of what the trusted proxy added', ['127.0.0.1'], '6.6.6.6, 7.7.7.7', '7.7.7.7', 0],
    // Its proxy is warned about, without what the client may have made up.
    ['is ignored when it is no address', ['127.0.0.1'], `7.7.7.7, ${canary}`, '127.0.0.1', 1],
  ])('%s', async (_, trustProxies, forwarded, remoteAddress, logLines) => {
    await using server = await Oracle.start({ auth: 'cookie', ...(trustProxies && { trustProxies }) });
    await server.withstands(async () => {
      const client = await RawClient.open(server.port, { headers: { 'X-Forwarded-For': forwarded } });
      expect(await client.command('connect', {})).toMatchObject({ connect: { data: { remoteAddress } } });
      await client.close();
    }, logLines);
  });
});
