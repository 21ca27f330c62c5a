/** What the player presses: keys, or two thumbs on a touch screen. The left one pulls the ship where it shall fly, the right one fires. */

import { keys } from '../game/keys.js';
import { turnTo } from '../game/motion.js';
import { ship, stepsPerSec } from '../game/rules.js';

const keyOf: Readonly<Record<string, number>> = {
  ArrowLeft: keys.left,
  KeyA: keys.left,
  ArrowRight: keys.right,
  KeyD: keys.right,
  ArrowUp: keys.thrust,
  KeyW: keys.thrust,
  Space: keys.fire,
};

/** A turn of one step: closer than half of it a ship cannot aim. */
const turnPerStep = ship.turnPerSec / stepsPerSec;
/** How far a thumb has to pull. */
const stickDeadPx = 10;
const stickThrustPx = 26;
const stickMaxPx = 56;

/** Where the left thumb is, for drawing it. */
export interface Stick {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

export class Controls {
  #held = 0;
  #stickPointer: number | undefined;
  #stick: Stick | undefined;
  readonly #firePointers = new Set<number>();

  /** @param area what is touched; fire is its right half */
  constructor(private readonly area: HTMLElement) {
    addEventListener('keydown', (event) => this.#key(event, true));
    addEventListener('keyup', (event) => this.#key(event, false));
    addEventListener('blur', () => this.#letGo());
    area.addEventListener('pointerdown', (event) => this.#down(event));
    area.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) area.addEventListener(end, (event) => this.#up(event));
  }

  get stick(): Stick | undefined {
    return this.#stick;
  }

  get isFiring(): boolean {
    return this.#firePointers.size > 0;
  }

  /** @param angle where the ship looks */
  pressed(angle: number): number {
    return this.#held | this.#steered(angle) | (this.isFiring ? keys.fire : 0);
  }

  #steered(angle: number): number {
    if (this.#stick === undefined) return 0;
    const { dx, dy } = this.#stick;
    const pull = Math.hypot(dx, dy);
    if (pull < stickDeadPx) return 0;
    const turn = turnTo(angle, Math.atan2(dy, dx));
    const steer = turn > turnPerStep / 2 ? keys.right : turn < -turnPerStep / 2 ? keys.left : 0;
    return steer | (pull > stickThrustPx && Math.abs(turn) < 0.9 ? keys.thrust : 0);
  }

  #key(event: KeyboardEvent, isDown: boolean): void {
    const bit = keyOf[event.code];
    // Who writes a name, or reaches a button with the keyboard, does not fly.
    if (bit === undefined || event.ctrlKey || event.metaKey || event.altKey || isControl(event.target)) return;
    event.preventDefault();
    this.#held = isDown ? this.#held | bit : this.#held & ~bit;
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === 'mouse') return;
    event.preventDefault();
    this.area.setPointerCapture(event.pointerId);
    const { left, width } = this.area.getBoundingClientRect();
    if (event.clientX > left + width / 2) this.#firePointers.add(event.pointerId);
    else if (this.#stickPointer === undefined) {
      this.#stickPointer = event.pointerId;
      this.#stick = { x: event.clientX, y: event.clientY, dx: 0, dy: 0 };
    }
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#stickPointer || this.#stick === undefined) return;
    const { x, y } = this.#stick;
    const [dx, dy] = [event.clientX - x, event.clientY - y];
    const tooFar = Math.max(1, Math.hypot(dx, dy) / stickMaxPx);
    this.#stick = { x, y, dx: dx / tooFar, dy: dy / tooFar };
  }

  #up(event: PointerEvent): void {
    this.#firePointers.delete(event.pointerId);
    if (event.pointerId !== this.#stickPointer) return;
    this.#stickPointer = undefined;
    this.#stick = undefined;
  }

  #letGo(): void {
    this.#held = 0;
    this.#firePointers.clear();
    this.#stickPointer = undefined;
    this.#stick = undefined;
  }
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, button, dialog, a') !== null;
}
