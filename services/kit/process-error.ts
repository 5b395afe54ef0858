import { CodedError } from './coded-error.ts';

export type ProcessErrorCode =
  /** No such program, or the interpreter named in its first line is missing. */
  | 'PROGRAM_NOT_FOUND'
  | 'PROGRAM_NOT_EXECUTABLE'
  | 'FOLDER_NOT_FOUND'
  /** Anything else the system refused: too many processes, too long an environment … */
  | 'SPAWN_FAILED'
  /** Processes outlived SIGKILL (they wait in the kernel, for a disk as a rule). */
  | 'PROCESS_STUCK'
  /** A detached program exited, or said nothing in time, instead of announcing itself. */
  | 'NOT_ANNOUNCED';

/** An expected failure of starting or ending a program. `facts` carries what a message needs. */
export class ProcessError extends CodedError<ProcessErrorCode> {
  override readonly name = 'ProcessError';
}
