/** The style of a report: for screens, light and dark, and for paper. */

export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #faf8f5; --card: #ffffff; --ink: #1f2430; --muted: #5f6673; --rule: #e4dfd7; --band: #1f24300d;
  --first: #c2410c; --second: #3b5bdb; --third: #0b7285; --good: #2b8a3e; --bad: #c92a2a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161b; --card: #1c1f26; --ink: #e8e6e1; --muted: #9aa1ad; --rule: #30343d; --band: #ffffff0d;
    --first: #ff8a4c; --second: #8ea6ff; --third: #3bc9db; --good: #69db7c; --bad: #ff8787;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 0 0 .5rem; font-size: .95rem; }
p { margin: .25rem 0; }
.muted { color: var(--muted); font-size: .875rem; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); margin-top: 1rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.card, .tile { padding: .9rem 1rem; border: 1px solid var(--rule); border-radius: .6rem; background: var(--card); min-width: 0; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warnings { margin: 1rem 0 0; padding: .75rem 1rem .75rem 2rem; border-left: .25rem solid var(--bad); background: var(--card); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
th { color: var(--muted); font-weight: 600; }
svg { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; }
svg text { fill: var(--ink); font-size: 12px; }
svg .quiet { fill: var(--muted); font-size: 11px; }
svg .rule { stroke: var(--rule); stroke-width: 1; }
svg .band { fill: var(--band); }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
@media (max-width: 30rem) { svg text { font-size: 17px; } svg .quiet { font-size: 16px; } }
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --muted: #444; --rule: #bbb; --band: #0000000d;
    --first: #c2410c; --second: #3b5bdb; --third: #0b7285; --good: #2b8a3e; --bad: #c92a2a; }
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .grid { grid-template-columns: 1fr 1fr; }
  .tiles { grid-template-columns: repeat(4, 1fr); }
  .card, .tile, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .tile b { font-size: 1.2rem; }
  table { font-size: 7.5pt; }
  th, td { padding: .2rem .3rem; }
  svg text { font-size: 17px; }
  svg .quiet { font-size: 16px; }
  .scroll { overflow: visible; }
}
`;
