import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The list of an archive's names stands at its end; this much of it is looked through. */
const TAIL_BYTES = 8 * 1024 * 1024;
/** The part of Spring Boot that makes an archive start by itself. */
const LOADER = 'org/springframework/boot/loader/';

/** Whether `java -jar` can start this .war: names in the list are not compressed, so they are simply looked for. */
export function isExecutableArchive(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    return tail.includes(LOADER);
  } finally {
    closeSync(descriptor);
  }
}
