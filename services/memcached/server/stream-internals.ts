/** What Node's own streams use with a socket's handle. Not documented, so everything here is checked before use. */
export interface StreamInternals {
  readonly WriteWrap: new () => WriteRequest;
  /** What the last call said, by the positions below. */
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
  readonly kReadBytesOrError: number;
}

export interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** What is being sent: Node itself does not keep it from the collector. */
  bytes?: Uint8Array | readonly Uint8Array[];
}

let found: StreamInternals | null | undefined;

/** @returns undefined where the internals cannot be had or are not what is expected */
export function streamInternals(): StreamInternals | undefined {
  found ??= loadInternals() ?? null;
  return found ?? undefined;
}

function loadInternals(): StreamInternals | undefined {
  try {
    const { binding } = process as unknown as { binding: (name: string) => Partial<StreamInternals> };
    const internals = binding.call(process, 'stream_wrap');
    return isComplete(internals) ? internals : undefined;
  } catch {
    return undefined;
  }
}

function isComplete(internals: Partial<StreamInternals>): internals is StreamInternals {
  const { WriteWrap, streamBaseState, kLastWriteWasAsync, kReadBytesOrError } = internals;
  return (
    typeof WriteWrap === 'function' &&
    ArrayBuffer.isView(streamBaseState) &&
    typeof kLastWriteWasAsync === 'number' &&
    typeof kReadBytesOrError === 'number'
  );
}
