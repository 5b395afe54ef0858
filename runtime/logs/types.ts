/** One line of a log, as Cloud Foundry shows it: `[APP/PROC/WEB/0] OUT text`. */
export interface LogLine {
  /** Counts up within one host's life, over all logs; never reused. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The app or service this line belongs to. */
  readonly owner: string;
  /** `APP/PROC/WEB`, `STG`, `RTR`, `CELL`, `API`, or a service's name. */
  readonly source: string;
  readonly instance: number;
  readonly stream: 'OUT' | 'ERR';
  readonly text: string;
}

/** What a part hands in; time and sequence are added by the log. */
export type LogEntry = Pick<LogLine, 'source' | 'instance' | 'stream' | 'text'>;
