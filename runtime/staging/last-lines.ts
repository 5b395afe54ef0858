/** The end of a program's output, for an error that quotes it. */
export function lastLines(output: string, count = 40): readonly string[] {
  return output.trimEnd().split('\n').slice(-count);
}
