import type { Line } from './line.ts';
import type { Session } from '../session.ts';

/**
 * Serves one line.
 * @returns the position after the request, if that is not the next line
 */
export type Verb = (session: Session, line: Line) => number | void;
