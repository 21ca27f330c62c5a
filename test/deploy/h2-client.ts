/** A real HTTP/2 client in front of a deployed proxy: many exchanges over one TLS connection. */

import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { Gathered } from '../support/centrifuge/awaiting.js';
import type { DeployedProxy } from './deployed-proxy.js';

export class H2Client implements AsyncDisposable {
  private constructor(
    readonly session: ClientHttp2Session,
    private readonly cookies: Map<string, string>,
  ) {}

  static async connect({ url, ca }: DeployedProxy): Promise<H2Client> {
    const session = connect(url, { ca });
    await once(session, 'remoteSettings');
    return new H2Client(session, new Map());
  }

  /** Sends a body of JSON; the answer goes on. */
  async post(path: string, body: string): Promise<{ status: number; stream: ClientHttp2Stream }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
      ...(cookie !== '' && { cookie }),
    });
    stream.end(body);
    const [headers] = await once(stream, 'response');
    for (const line of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return { status: Number(headers[':status']), stream };
  }

  /** A client over HTTP streaming. @param query behind every path, `?…` */
  async openStream(query = ''): Promise<H2StreamPeer> {
    const { status, stream } = await this.post(`/connection/http_stream${query}`, '{"id":1,"connect":{}}');
    if (status !== 200) throw new Error(`refused with ${status}`);
    const lines = new Gathered<Record<string, unknown>>();
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) if (part !== '') lines.add(JSON.parse(part));
    });
    await lines.atLeast(1);
    // safe: the first line is the reply to connect
    const { session, node } = (lines.items[0] as { connect: { session: string; node: string } }).connect;
    const emulate = async (frame: string) => {
      const sent = await this.post(`/emulation${query}`, JSON.stringify({ session, node, data: frame }));
      sent.stream.resume();
      return sent.status;
    };
    return { node, lines, emulate, stream };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.session, 'close');
    this.session.destroy();
    await closed;
  }
}

export interface H2StreamPeer {
  readonly node: string;
  /** What the server has sent. */
  readonly lines: Gathered<Record<string, unknown>>;
  /** Sends a frame in a request of its own; resolves with the status. */
  emulate(frame: string): Promise<number>;
  readonly stream: ClientHttp2Stream;
}
