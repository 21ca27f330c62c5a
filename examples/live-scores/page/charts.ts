/** The shapes of the charts, as numbers and paths of SVG. */

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly isHome: boolean;
}

/** One bar for each minute: up for the home team, down for the other; heights of 100 at most from the middle at 100. */
export function momentumBars(values: readonly number[]): Bar[] {
  return values.map((value, x) => {
    const height = Math.max(1.5, Math.abs(value));
    return { x, y: value >= 0 ? 100 - height : 100, height, isHome: value >= 0 };
  });
}

/** A line through the shares in percent, from the left, and the area below it. */
export function sharePaths(shares: readonly number[], width: number): { readonly line: string; readonly area: string } {
  if (shares.length === 0) return { line: '', area: '' };
  const step = shares.length === 1 ? 0 : width / (shares.length - 1);
  const points = shares.map((share, at) => `${round(at * step)} ${round(100 - share)}`);
  const line = `M${points.join('L')}`;
  return { line, area: `${line}L${round((shares.length - 1) * step)} 100L0 100Z` };
}

/** How far the chart reaches: a whole match, and further when it takes longer. */
export function chartLength(numValues: number, usual: number): number {
  return Math.max(numValues, usual);
}

const round = (value: number) => Math.round(value * 100) / 100;
