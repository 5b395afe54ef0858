/** Reads crontab lines as Stackato's `cron` has them, and tells when each is due. Pure. */

export interface CronJob {
  readonly command: string;
  /** Variables set by lines above it. */
  readonly env: Readonly<Record<string, string>>;
  /** As written, for messages. */
  readonly schedule: string;
  readonly due: (at: Date) => boolean;
}

export interface Crontab {
  readonly jobs: readonly CronJob[];
  /** Sentences about lines that cannot be read. */
  readonly problems: readonly string[];
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function readCrontab(lines: readonly string[]): Crontab {
  const jobs: CronJob[] = [];
  const problems: string[] = [];
  let env: Record<string, string> = {};
  for (const written of lines.flatMap((text) => text.split('\n'))) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const variable = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (variable) {
      env = { ...env, [variable[1]!]: variable[2]!.replace(/^(["'])(.*)\1$/, '$2') };
      continue;
    }
    const job = readJob(line, env);
    if (typeof job === 'string') problems.push(`"${line}" is not run: ${job}`);
    else jobs.push(job);
  }
  return { jobs, problems };
}

function readJob(line: string, env: Readonly<Record<string, string>>): CronJob | string {
  const nickname = /^(@\S+)\s+(\S.*)$/.exec(line);
  const fields = /^(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(\S.*)$/.exec(line);
  const [, schedule, command] = nickname ?? fields ?? [];
  if (schedule === undefined || command === undefined)
    return 'it is not five fields (minute, hour, day, month, weekday) and a command';
  const times = nickname ? NICKNAMES[schedule.toLowerCase()] : schedule;
  if (times === undefined) return `"${schedule}" is not known here`;
  const [minute, hour, day, month, weekday] = times.trim().split(/\s+/) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const sets = [
    readField(minute, 0, 59),
    readField(hour, 0, 23),
    readField(day, 1, 31),
    readField(month, 1, 12, MONTHS, 1),
    readField(weekday, 0, 7, DAYS, 0),
  ] as const;
  const [minutes, hours, days, months, weekdays] = sets;
  if (!minutes || !hours || !days || !months || !weekdays) return 'one of its five fields cannot be read';
  // As cron has it: where both days are restricted, either is enough.
  const either = !day.startsWith('*') && !weekday.startsWith('*');
  return {
    command,
    env,
    schedule,
    due: (at) => {
      const onDay = days.has(at.getDate());
      const onWeekday = weekdays.has(at.getDay()) || (at.getDay() === 0 && weekdays.has(7));
      return (
        minutes.has(at.getMinutes()) &&
        hours.has(at.getHours()) &&
        months.has(at.getMonth() + 1) &&
        (either ? onDay || onWeekday : onDay && onWeekday)
      );
    },
  };
}

/** `*`, `5`, `1-5`, `*\/15`, `10-40/10`, and lists of them. */
function readField(
  text: string,
  lowest: number,
  highest: number,
  names: readonly string[] = [],
  firstName = 0,
): ReadonlySet<number> | undefined {
  const valueOf = (word: string): number => {
    const index = names.indexOf(word.toLowerCase());
    return index >= 0 ? index + firstName : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  };
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) return undefined;
    const [, all, from, to, every] = match;
    const first = all ? lowest : valueOf(from!);
    const last = all ? highest : to !== undefined ? valueOf(to) : every !== undefined ? highest : first;
    const step = every === undefined ? 1 : Number(every);
    if (!(first >= lowest && last <= highest && first <= last && step >= 1)) return undefined;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}
