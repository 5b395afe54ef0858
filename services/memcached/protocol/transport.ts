/** What a session needs from the way its answers travel. */
export interface Transport {
  /**
   * Sends the bytes.
   * @returns true if they are out or copied; false if the memory is needed until the transport drains
   */
  send(bytes: Buffer): boolean;
  /** The same for several pieces. */
  sendAll(pieces: readonly Buffer[]): boolean;
  /** Calls back once all that was sent has left, or never will. */
  afterDrain(callback: () => void): void;
  /** Whether what was sent has not left yet: no more requests are served until it has. */
  readonly blocked: boolean;
  /** Reads nothing until `unpause`. */
  pause(): void;
  unpause(): void;
  /** The client's address as statistics show it: `tcp:127.0.0.1:40000`, `unix:/path`. */
  readonly address: string;
  /** The same of the socket it connected to. */
  readonly listenAddress: string;
  /** Ends the connection after what was sent. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
}
