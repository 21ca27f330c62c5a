/** Draws the arena: a chart on which paper darts fly. Sizes are those of the arena, scaled by the camera. */

import { gemPlace } from '../game/gems.js';
import { arenaHeight, arenaWidth, gem } from '../game/rules.js';
import type { ShipState } from '../game/tick.js';
import type { Stick } from './controls.js';
import { type Effects, gainLifeMs } from './effects.js';
import { paintOverview } from './overview.js';
import type { Colours } from './palette.js';
import type { Moment } from './playback.js';
import { chartFont, circle, diamond, paintStick } from './shapes.js';
import { paintShip } from './ship-painter.js';

export interface SceneOptions {
  /** The place of the player's own ship; absent: somebody looks on, and sees everything. */
  readonly ownSlot?: number | undefined;
  readonly nameOf: (slot: number) => string;
  readonly stick?: Stick | undefined;
  /** Something lies on it: it fills the screen, and parts of it are beyond the edge. Default: `false`. */
  readonly isBackdrop?: boolean;
}

const gridSize = 100;
const wakeStrokes = 4;
/** Of the title and the buttons, and of the scoreboard on a wide screen: the whole arena is shown beside them. */
const [topPx, sidePx] = [72, 250];
/** Of the arena, on the shorter side of a screen. */
const sightUnits = 760;

export class Scene {
  readonly #context: CanvasRenderingContext2D;
  #widthPx = 0;
  #heightPx = 0;
  #camera = { x: arenaWidth / 2, y: arenaHeight / 2, scale: 1 };

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly colours: Colours,
  ) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('this browser draws no canvas');
    this.#context = context;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#fit();
  }

  draw(moment: Moment, effects: Effects, { ownSlot, nameOf, stick, isBackdrop = false }: SceneOptions): void {
    const context = this.#context;
    const { paper } = this.colours.palette;
    this.#aim(moment, ownSlot, isBackdrop);
    const shake = 9 * effects.shake;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = paper;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.#toArena(shake * (Math.random() - 0.5), shake * (Math.random() - 0.5));
    this.#chart();
    this.#gems(moment);
    for (const ship of moment.ships) this.#wake(ship, effects);
    this.#shots(moment);
    for (const ship of moment.ships) {
      if (!ship.isAlive) continue;
      const isOwn = ship.slot === ownSlot;
      paintShip(context, this.colours, { ship, isOwn, name: nameOf(ship.slot), scale: this.#camera.scale });
    }
    this.#effects(effects);
    this.#toScreen();
    const screen = { width: this.#widthPx, height: this.#heightPx };
    if (ownSlot !== undefined) paintOverview(context, this.colours, { moment, ownSlot, screen });
    if (stick !== undefined) paintStick(context, this.colours.palette.soft, stick);
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.canvas;
    const perPx = Math.min(devicePixelRatio, 2);
    this.#widthPx = clientWidth;
    this.#heightPx = clientHeight;
    this.canvas.width = Math.round(clientWidth * perPx);
    this.canvas.height = Math.round(clientHeight * perPx);
  }

  get #perPx(): number {
    return this.canvas.width / Math.max(1, this.#widthPx);
  }

  /** Follows the own ship, and looks a little ahead; spectators see the whole arena. */
  #aim({ ships }: Moment, ownSlot: number | undefined, isBackdrop: boolean): void {
    const own = ships.find(({ slot }) => slot === ownSlot);
    const [width, height] = [this.#widthPx, this.#heightPx];
    if (ownSlot === undefined) {
      const leftPx = width > 900 ? sidePx : 0;
      const [across, down] = [(width - leftPx) / (arenaWidth + 120), (height - topPx) / (arenaHeight + 80)];
      const scale = isBackdrop ? Math.max(across, down) : Math.min(across, down);
      const [x, y] = isBackdrop ? [0, 0] : [leftPx / 2 / scale, topPx / 2 / scale];
      this.#camera = { x: arenaWidth / 2 - x, y: arenaHeight / 2 - y, scale };
      return;
    }
    const scale = Math.max(0.42, Math.min(width, height) / sightUnits);
    const follow = own ?? this.#camera;
    const [toX, toY] = own === undefined ? [0, 0] : [own.vx * 0.28, own.vy * 0.28];
    const isFar = Math.hypot(this.#camera.x - follow.x, this.#camera.y - follow.y) > 600;
    const pull = isFar || this.#camera.scale !== scale ? 1 : 0.14;
    this.#camera = {
      x: this.#camera.x + (follow.x + toX - this.#camera.x) * pull,
      y: this.#camera.y + (follow.y + toY - this.#camera.y) * pull,
      scale,
    };
  }

  /** From here on everything is drawn in units of the arena. */
  #toArena(dx: number, dy: number): void {
    const { x, y, scale } = this.#camera;
    const zoom = scale * this.#perPx;
    const [left, top] = [this.canvas.width / 2 - (x + dx) * zoom, this.canvas.height / 2 - (y + dy) * zoom];
    this.#context.setTransform(zoom, 0, 0, zoom, left, top);
  }

  #toScreen(): void {
    const perPx = this.#perPx;
    this.#context.setTransform(perPx, 0, 0, perPx, 0, 0);
  }

  #chart(): void {
    const context = this.#context;
    const { grid, frame, soft } = this.colours.palette;
    const { x, y, scale } = this.#camera;
    const [halfWidth, halfHeight] = [this.#widthPx / 2 / scale, this.#heightPx / 2 / scale];
    const from = (at: number) => Math.max(0, Math.floor(at / gridSize) * gridSize);
    const [left, top] = [from(x - halfWidth), from(y - halfHeight)];
    const [right, bottom] = [Math.min(arenaWidth, x + halfWidth), Math.min(arenaHeight, y + halfHeight)];
    context.lineWidth = 1 / scale;
    context.strokeStyle = grid;
    context.beginPath();
    for (let at = left; at <= right; at += gridSize) {
      context.moveTo(at, top);
      context.lineTo(at, bottom);
    }
    for (let at = top; at <= bottom; at += gridSize) {
      context.moveTo(left, at);
      context.lineTo(right, at);
    }
    context.stroke();
    context.strokeStyle = frame;
    context.lineWidth = 3 / scale;
    context.strokeRect(0, 0, arenaWidth, arenaHeight);
    context.lineWidth = 1 / scale;
    context.strokeRect(-9, -9, arenaWidth + 18, arenaHeight + 18);
    context.fillStyle = soft;
    context.font = `${11 / scale}px ${chartFont}`;
    context.textAlign = 'center';
    for (let at = 0; at <= arenaWidth; at += 4 * gridSize) context.fillText(String(at), at, -16);
    context.textAlign = 'right';
    for (let at = 0; at <= arenaHeight; at += 4 * gridSize) context.fillText(String(at), -18, at + 4 / scale);
  }

  #gems({ seed, gems }: Moment): void {
    const context = this.#context;
    const { gem: light, gemShade } = this.colours.palette;
    for (const [index, generation] of gems.entries()) {
      const { x, y } = gemPlace(seed, index, generation);
      context.fillStyle = light;
      diamond(context, x, y, gem.radius);
      context.fillStyle = gemShade;
      context.beginPath();
      context.moveTo(x, y - gem.radius);
      context.lineTo(x + gem.radius * 0.7, y);
      context.lineTo(x, y + gem.radius);
      context.closePath();
      context.fill();
    }
  }

  /** In a few strokes, the older the fainter: a stroke for each point would be most of the work of a frame. */
  #wake(ship: ShipState, effects: Effects): void {
    const points = effects.wakeOf(ship.slot);
    if (points.length < 2) return;
    const [colour] = this.colours.ofShip(ship.slot);
    const context = this.#context;
    context.strokeStyle = colour;
    context.lineCap = 'butt';
    context.lineJoin = 'round';
    const perStroke = Math.ceil(points.length / wakeStrokes);
    for (let from = 0; from < points.length - 1; from += perStroke) {
      const share = (from + perStroke) / points.length;
      context.globalAlpha = share * (ship.isThrusting ? 0.5 : 0.22);
      context.lineWidth = 1 + share * 5;
      context.beginPath();
      for (const [index, { x, y }] of points.slice(from, from + perStroke + 1).entries()) {
        if (index === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #shots({ shots }: Moment): void {
    const context = this.#context;
    context.lineCap = 'round';
    context.lineWidth = 3.5;
    for (const { slot, x, y, angle } of shots) {
      const [, shade] = this.colours.ofShip(slot);
      context.strokeStyle = shade;
      context.beginPath();
      context.moveTo(x - Math.cos(angle) * 14, y - Math.sin(angle) * 14);
      context.lineTo(x, y);
      context.stroke();
    }
  }

  #effects({ sparks, rings, gains }: Effects): void {
    const context = this.#context;
    const { scale } = this.#camera;
    context.fillStyle = this.colours.palette.gemShade;
    context.textAlign = 'center';
    context.font = `600 ${20 / scale}px ${chartFont}`;
    for (const { text, x, y, ageMs } of gains) {
      context.globalAlpha = 1 - ageMs / gainLifeMs;
      context.fillText(text, x, y - (30 + ageMs * 0.04) / scale);
    }
    for (const { x, y, colour, size, ageMs, lifeMs } of sparks) {
      context.globalAlpha = 1 - ageMs / lifeMs;
      context.fillStyle = colour;
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    for (const { x, y, colour, radius: full, ageMs, lifeMs } of rings) {
      const share = ageMs / lifeMs;
      context.globalAlpha = 1 - share;
      context.strokeStyle = colour;
      context.lineWidth = 4 * (1 - share) + 0.5;
      circle(context, x, y, full * (0.3 + 0.7 * Math.sqrt(share)));
    }
    context.globalAlpha = 1;
  }
}
