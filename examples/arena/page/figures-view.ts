/** The overlay with the figures of the line, twice a second. */

import { byId } from './elements.js';

/** What there is to know of a connection and of this page. */
export interface Figures {
  /** From what is pressed until the server has it, and back; absent for spectators. */
  readonly pingMs?: number;
  /** How far in the past the others are shown. */
  readonly delayMs: number;
  readonly bytesPerSec: number;
  readonly ticksPerSec: number;
  readonly lostTicks: number;
  readonly fps: number;
  readonly slowestFrameMs: number;
}

export class FiguresView {
  readonly #panel = byId('figures', HTMLElement);
  readonly #cells = {
    ping: byId('figure-ping', HTMLElement),
    delay: byId('figure-delay', HTMLElement),
    bytes: byId('figure-bytes', HTMLElement),
    ticks: byId('figure-ticks', HTMLElement),
    lost: byId('figure-lost', HTMLElement),
    frames: byId('figure-frames', HTMLElement),
  };

  render({ pingMs, delayMs, bytesPerSec, ticksPerSec, lostTicks, fps, slowestFrameMs }: Figures): void {
    this.#panel.hidden = false;
    this.#cells.ping.textContent = pingMs === undefined ? '–' : `${pingMs.toFixed(0)} ms`;
    this.#cells.delay.textContent = `${delayMs.toFixed(0)} ms`;
    this.#cells.bytes.textContent = `${(bytesPerSec / 1_000).toFixed(1)} kB/s`;
    this.#cells.ticks.textContent = `${ticksPerSec.toFixed(0)} /s`;
    this.#cells.lost.textContent = String(lostTicks);
    this.#cells.frames.textContent = `${fps.toFixed(0)} fps · ${slowestFrameMs.toFixed(1)} ms`;
  }

  hide(): void {
    this.#panel.hidden = true;
  }
}
