/** What a node tells of the process in which it runs. */

export interface ProcessFigures {
  readonly pid: number;
  /** Name of the machine. */
  readonly host: string;
  /** How late the event loop was at worst in the last second or so. */
  readonly lagMs: number;
  /** Memory of the process. */
  readonly rssBytes: number;
}
