import type { Json } from './json.ts';

/** An expected failure: a code to tell it by, and facts for whoever words the message. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;
  readonly facts: Readonly<Record<string, Json>>;

  constructor(
    code: Code,
    message: string,
    facts: Readonly<Record<string, Json>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }
}
