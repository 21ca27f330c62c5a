/** The whole arena, small, in the corner of the screen. */

import { gemPlace } from '../game/gems.js';
import { arenaHeight, arenaWidth } from '../game/rules.js';
import type { Colours } from './palette.js';
import type { Moment } from './playback.js';
import { circle } from './shapes.js';

export interface OverviewOptions {
  readonly moment: Moment;
  readonly ownSlot: number;
  readonly screen: { readonly width: number; readonly height: number };
}

export function paintOverview(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { moment: { ships, seed, gems }, ownSlot, screen }: OverviewOptions,
): void {
  const { panel, frame, ink, gem: gemColour } = colours.palette;
  const width = Math.min(180, screen.width * 0.3);
  const scale = width / arenaWidth;
  const height = arenaHeight * scale;
  const [left, top] = [screen.width - width - 16, screen.height - height - 16];
  context.globalAlpha = 0.86;
  context.fillStyle = panel;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = frame;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  context.fillStyle = gemColour;
  for (const [index, generation] of gems.entries()) {
    const { x, y } = gemPlace(seed, index, generation);
    context.fillRect(left + x * scale - 0.75, top + y * scale - 0.75, 1.5, 1.5);
  }
  for (const ship of ships) {
    if (!ship.isAlive) continue;
    const [x, y] = [left + ship.x * scale, top + ship.y * scale];
    context.fillStyle = colours.ofShip(ship.slot)[0];
    context.beginPath();
    context.arc(x, y, ship.slot === ownSlot ? 3.5 : 2.5, 0, 2 * Math.PI);
    context.fill();
    if (ship.slot !== ownSlot) continue;
    context.strokeStyle = ink;
    circle(context, x, y, 6);
  }
}
