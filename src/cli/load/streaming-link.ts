/** A client's way over HTTP streaming or server-sent events: an endless answer, and requests beside it. */

import { HttpLink, type HttpLinkPorts } from './http-link.js';
import { Lines, type LinkListener } from './link.js';

export class StreamingLink extends HttpLink {
  #session: { readonly session: string; readonly node: string } | undefined;

  /** @param connect the first frame */
  constructor(kind: 'httpStream' | 'sse', connect: string, ports: HttpLinkPorts, listener: LinkListener) {
    const { httpStream, sse } = ports.paths;
    const lines = new Lines((bytes, from, to) => listener.onFrame(bytes, from, to));
    super(ports, true, listener, {
      onOpen: () => {
        if (kind === 'httpStream') this.http.post(httpStream, connect);
        else this.http.get(`${sse}${mark(sse)}cf_connect=${encodeURIComponent(connect)}`, 'text/event-stream');
      },
      onResponse: (status) => this.end(String(status)),
      onPart: (part) => {
        if (!this.isOver) lines.read(part);
      },
      onStream: (state) => {
        if (state === 'over') this.end('cut');
      },
    });
  }

  override send(frame: string): void {
    const { aside, index, paths } = this.ports;
    aside.post(index, paths.emulation, JSON.stringify({ ...this.#session, data: frame }), (outcome) => {
      if (outcome !== '204' && outcome !== '200') this.end(outcome);
    });
  }

  override hasSession(session: string, node: string): void {
    this.#session = { session, node };
  }
}

function mark(path: string): string {
  return path.includes('?') ? '&' : '?';
}
