/** One chart of the last minutes, with its newest values as text. */

/** @jsxImportSource preact */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Sample } from '../samples.js';
import { scheme } from '../scheme.js';

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet with its colour. */
  readonly color: '--line-1' | '--line-2' | '--line-3';
  read(sample: Sample): number;
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly samples: readonly Sample[];
  /** The scale reaches at least up to it. */
  readonly least: number;
  /** Distances of the marks of the scale. Default: those of decimal numbers. */
  readonly steps?: number[];
  format(value: number): string;
}

const height = 132;

export function Chart({ title, lines, samples, least, steps, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const isDark = scheme.value === 'dark';
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read again with another scheme
  useEffect(() => {
    const { current: element } = place;
    if (element === null) return undefined;
    const made = new uPlot(
      optionsOf(element, { lines, least, format, ...(steps && { steps }) }),
      dataOf(samples, lines),
      element,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [isDark]);
  useEffect(() => plot.current?.setData(dataOf(samples, lines)), [samples, lines]);
  const newest = samples.at(-1);
  const values = lines.map(({ label, read }) => `${label} ${newest === undefined ? '–' : format(read(newest))}`);
  return (
    <figure class="card chart">
      <figcaption class="card-head">
        <h2>{title}</h2>
        <span class="legend">
          {lines.map(({ label, color, read }) => (
            <span key={label} class={`key ${color.slice(2)}`}>
              {lines.length > 1 && <span class="key-name">{label}</span>}
              <b>{newest === undefined ? '–' : format(read(newest))}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={`${title}, last minutes; now ${values.join(', ')}`} />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  { lines, least, steps, format }: Pick<ChartProps, 'lines' | 'least' | 'steps' | 'format'>,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: color('--muted'), grid: { stroke: color('--grid'), width: 1 }, ticks: { show: false } };
  const font = `11px ${style.fontFamily}`;
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    padding: [8, 28, 0, 0],
    scales: { y: { range: (_, __, most) => [0, Math.max(most, least) * 1.15] } },
    axes: [
      { ...axis, font, size: 22, space: 70, values: '{HH}:{mm}:{ss}', grid: { show: false } },
      { ...axis, font, size: 52, space: 34, values: (_, values) => values.map(format), ...(steps && { incrs: steps }) },
    ],
    series: [
      {},
      ...lines.map(({ label, color: name }, at) => ({
        label,
        stroke: color(name),
        width: 1.75,
        points: { show: false },
        ...(at === 0 && { fill: `${color(name)}1f` }),
      })),
    ],
  };
}

function dataOf(samples: readonly Sample[], lines: readonly Line[]): uPlot.AlignedData {
  return [samples.map(({ at }) => at), ...lines.map(({ read }) => samples.map(read))];
}
