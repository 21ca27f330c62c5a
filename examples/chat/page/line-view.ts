/** Shows the transport in use, and the button that cuts the line. */

import type { TransportName } from 'fanfare/client';
import { byId } from './elements.js';

const names: Readonly<Record<TransportName, string>> = {
  websocket: 'WebSocket',
  http_stream: 'HTTP streaming',
  sse: 'Server-sent events',
  long_polling: 'Long polling',
};

export class LineView {
  readonly #transport = byId('transport', HTMLElement);
  readonly #button = byId('cut', HTMLButtonElement);

  constructor(onCut: () => void) {
    this.#button.addEventListener('click', onCut);
  }

  render(transport: TransportName | undefined, isCut: boolean): void {
    this.#transport.textContent = transport === undefined ? 'Not connected' : names[transport];
    this.#transport.classList.toggle('online', transport !== undefined);
    this.#button.disabled = isCut || transport === undefined;
  }
}
