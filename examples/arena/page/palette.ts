/** The colours of the canvas: those of the style sheet, light or dark, and one for each ship. */

export interface Palette {
  readonly paper: string;
  readonly grid: string;
  readonly frame: string;
  readonly ink: string;
  readonly soft: string;
  readonly gem: string;
  readonly gemShade: string;
  readonly panel: string;
}

const names = ['paper', 'grid', 'frame', 'ink', 'soft', 'gem', 'gem-shade', 'panel'] as const;

/** Neighbours are far apart on the wheel of colours, by the golden angle. */
const hueStep = 137.508;

export class Colours {
  #palette: Palette = read();
  #isDark = false;
  /** By place: the body, and the side that is in the shade. */
  readonly #ships = new Map<number, readonly [string, string]>();

  constructor() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => {
      this.#isDark = dark.matches;
      this.#palette = read();
      this.#ships.clear();
    };
    dark.addEventListener('change', follow);
    follow();
  }

  get palette(): Palette {
    return this.#palette;
  }

  ofShip(slot: number): readonly [body: string, shade: string] {
    let colours = this.#ships.get(slot);
    if (colours === undefined) {
      const hue = (18 + slot * hueStep) % 360;
      const [body, shade] = this.#isDark ? ['72% 66%', '58% 46%'] : ['64% 46%', '66% 32%'];
      colours = [`hsl(${hue} ${body})`, `hsl(${hue} ${shade})`];
      this.#ships.set(slot, colours);
    }
    return colours;
  }
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const [paper = '', grid = '', frame = '', ink = '', soft = '', gem = '', gemShade = '', panel = ''] = names.map(
    (name) => style.getPropertyValue(`--${name}`).trim(),
  );
  return { paper, grid, frame, ink, soft, gem, gemShade, panel };
}
