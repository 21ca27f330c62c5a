/** The page: from the start into a match and back, and one loop that draws. */

import { ClientError } from 'fanfare/client';
import { BannerView } from './banner-view.js';
import { Controls } from './controls.js';
import { Demo } from './demo.js';
import { describe } from './description.js';
import { Effects } from './effects.js';
import { byId } from './elements.js';
import { FiguresView } from './figures-view.js';
import { FrameMeter } from './frame-meter.js';
import { Game } from './game.js';
import { Line } from './line.js';
import { connectToArena, Match } from './match.js';
import { Colours } from './palette.js';
import { Scene } from './scene.js';
import { ScoresView } from './scores-view.js';
import { StartDialog } from './start-dialog.js';
import { lastName, rememberName, rememberRoom, roomOfTab, secretOfTab } from './tab-memory.js';

const figuresEveryMs = 500;

const line = new Line();
const client = connectToArena('/', secretOfTab(), line.websocket);
const canvas = byId('arena', HTMLCanvasElement);
const controls = new Controls(canvas);
const colours = new Colours();
const scene = new Scene(canvas, colours);
const [banner, figures, scoreboard] = [new BannerView(), new FiguresView(), new ScoresView(colours)];
const frames = new FrameMeter();
const demo = new Demo(Math.floor(Math.random() * 2 ** 31));
const roomLabel = byId('room', HTMLElement);
const actions = byId('actions', HTMLElement);
const cutButton = byId('cut', HTMLButtonElement);

let effects = new Effects();
/** Where points that are won are shown. */
let ownPlace = { x: 0, y: 0 };
let current: { readonly game: Game; readonly match: Match } | undefined;

const start = new StartDialog({ name: lastName(), onPlay: play, onWatch: watch });

function play(name: string): Promise<void> {
  rememberName(name);
  return enter((game) => Match.play(client, { name, ...wishedRoom() }, game));
}

function watch(): Promise<void> {
  return enter((game) => Match.watch(client, wishedRoom(), game));
}

/** The room of a link that a friend has sent, or where this tab has played. */
function wishedRoom(): { readonly room?: string } {
  const room = /^#([a-z0-9]{6})$/.exec(location.hash)?.[1] ?? roomOfTab();
  return room === undefined ? {} : { room };
}

async function enter(join: (game: Game) => Promise<Match>): Promise<void> {
  start.setBusy(true);
  const game = new Game(controls, {
    onScores: (scores) => scoreboard.render(scores, current?.match.player),
    onPoints: (gain) => effects.gain(gain, ownPlace),
    onSeatLost: () => leave('You were away for too long, and somebody else has your place.'),
  });
  try {
    const match = await join(game);
    game.begin(match);
    current = { game, match };
    effects = new Effects();
    rememberRoom(match.player === undefined ? undefined : match.room);
    history.replaceState(null, '', `#${match.room}`);
    roomLabel.textContent = match.player === undefined ? `watching ${match.room}` : `room ${match.room}`;
    document.body.classList.toggle('playing', match.player !== undefined);
    actions.hidden = false;
    start.close();
  } catch (error) {
    start.open(error instanceof ClientError ? error.message : 'Something is wrong with this page.');
    if (!(error instanceof ClientError)) throw error;
  }
}

function leave(note?: string): void {
  current?.match.leave();
  current = undefined;
  effects = new Effects();
  rememberRoom(undefined);
  roomLabel.textContent = '';
  document.body.classList.remove('playing');
  actions.hidden = true;
  figures.hide();
  scoreboard.hide();
  start.open(note);
}

cutButton.addEventListener('click', () => {
  line.cut();
  // So that the next space fires, and does not press the button.
  cutButton.blur();
});
byId('leave', HTMLButtonElement).addEventListener('click', () => leave());

let drawnAtMs = performance.now();

function draw(nowMs: number): void {
  requestAnimationFrame(draw);
  frames.frame(nowMs);
  // Of the same clock as the arrivals of ticks; the time of a frame is that of its beginning.
  const shownAtMs = performance.now();
  const game = current?.game;
  game?.advance(shownAtMs);
  const moment = game === undefined ? demo.at(shownAtMs) : game.at(shownAtMs);
  if (moment !== undefined) {
    const ownSlot = game?.ownSlot;
    effects.advance(moment, nowMs - drawnAtMs, colours, ownSlot);
    const nameOf = (slot: number) => game?.nameOf(slot) ?? '';
    const stick = ownSlot === undefined ? undefined : controls.stick;
    scene.draw(moment, effects, { ownSlot, nameOf, stick, isBackdrop: game === undefined });
  }
  const own = moment?.ships.find(({ slot }) => slot === game?.ownSlot);
  if (own !== undefined) ownPlace = own;
  banner.render(client.status, own?.isAlive === false);
  cutButton.disabled = line.isCut;
  drawnAtMs = nowMs;
}

let figuresAtMs = performance.now();

/** What need not be new in each frame: figures, and the arena in words. */
setInterval(() => {
  const nowMs = performance.now();
  const perSec = 1_000 / (nowMs - figuresAtMs);
  figuresAtMs = nowMs;
  const bytesPerSec = line.takeBytes() * perSec;
  const game = current?.game;
  if (game === undefined) return;
  // A hidden page draws nothing, and still has to tell what is pressed: nothing.
  if (document.hidden) game.advance(nowMs);
  const { pingMs, delayMs, lostTicks } = game;
  const { fps, slowestMs } = frames;
  const ticksPerSec = game.takeTicks() * perSec;
  const ping = pingMs === undefined ? {} : { pingMs };
  const moment = game.at(nowMs);
  if (moment !== undefined) canvas.ariaLabel = describe(moment, game.ownSlot, (slot) => game.nameOf(slot));
  figures.render({ ...ping, delayMs, lostTicks, bytesPerSec, ticksPerSec, fps, slowestFrameMs: slowestMs });
}, figuresEveryMs);

requestAnimationFrame(draw);
if (roomOfTab() !== undefined && lastName() !== '') void play(lastName());
else start.open();
