/** Draws one ship: a folded sheet of paper, whose two wings have the light from different sides. */

import { ship as rules } from '../game/rules.js';
import type { ShipState } from '../game/tick.js';
import type { Colours } from './palette.js';
import { chartFont, circle, triangle } from './shapes.js';

export interface ShipOptions {
  readonly ship: ShipState;
  readonly isOwn: boolean;
  readonly name: string;
  /** Of the camera: what is written is as large as elsewhere on the screen. */
  readonly scale: number;
}

const { radius } = rules;

export function paintShip(context: CanvasRenderingContext2D, colours: Colours, options: ShipOptions): void {
  const { ship, isOwn, name, scale } = options;
  const { ink, soft, gem } = colours.palette;
  const [body, shade] = colours.ofShip(ship.slot);
  context.globalAlpha = ship.isAway ? 0.35 : 1;
  context.save();
  context.translate(ship.x, ship.y);
  if (ship.isSafe || ship.isAway) {
    context.strokeStyle = body;
    context.lineWidth = 1.5;
    context.setLineDash([5, 6]);
    circle(context, 0, 0, radius + 9);
    context.setLineDash([]);
  }
  paintShields(context, ship.shields, isOwn ? ink : body);
  context.rotate(ship.angle);
  if (ship.isThrusting) {
    context.fillStyle = gem;
    triangle(context, [-radius * 0.5, -5], [-radius * (1.25 + Math.random() * 0.5), 0], [-radius * 0.5, 5]);
  }
  context.fillStyle = body;
  triangle(context, [radius * 1.25, 0], [-radius * 0.95, -radius * 0.86], [-radius * 0.5, 0]);
  context.fillStyle = shade;
  triangle(context, [radius * 1.25, 0], [-radius * 0.95, radius * 0.86], [-radius * 0.5, 0]);
  context.restore();
  context.fillStyle = isOwn ? ink : soft;
  context.font = `${isOwn ? '600 ' : ''}${12 / scale}px ${chartFont}`;
  context.textAlign = 'center';
  context.fillText(ship.isAway ? `${name} · away` : name, ship.x, ship.y + radius + 20 / scale);
  context.globalAlpha = 1;
}

function paintShields(context: CanvasRenderingContext2D, shields: number, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2.2;
  const third = (2 * Math.PI) / rules.shields;
  for (let index = 0; index < shields; index++) {
    const from = -Math.PI / 2 + index * third + 0.16;
    context.beginPath();
    context.arc(0, 0, radius + 5, from, from + third - 0.32);
    context.stroke();
  }
}
