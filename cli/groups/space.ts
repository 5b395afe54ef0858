import type { Group } from '../define.ts';

export const space: Group = {
  title: 'Space:',
  declare(define) {
    define('doctor', 'Say what is here, and clean up after a crash', async (context) =>
      (await import('../commands/doctor.ts')).doctor(context),
    );
  },
};
