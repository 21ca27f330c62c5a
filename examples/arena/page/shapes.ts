/** Shapes that are drawn in more than one place. */

import type { Stick } from './controls.js';

export const chartFont = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, monospace';

type Point = readonly [x: number, y: number];

export function triangle(context: CanvasRenderingContext2D, ...[a, b, c]: readonly [Point, Point, Point]): void {
  context.beginPath();
  context.moveTo(...a);
  context.lineTo(...b);
  context.lineTo(...c);
  context.closePath();
  context.fill();
}

export function circle(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath();
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.stroke();
}

export function diamond(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size * 0.7, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size * 0.7, y);
  context.closePath();
  context.fill();
}

/** Where the left thumb is, and how far it pulls. */
export function paintStick(context: CanvasRenderingContext2D, colour: string, { x, y, dx, dy }: Stick): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.globalAlpha = 0.6;
  circle(context, x, y, 56);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x + dx, y + dy, 20, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
}
