import type { Group } from '../define.ts';

export const services: Group = {
  title: 'Services:',
  declare(define) {
    define('services', 'List the service instances of the space', async (context) =>
      (await import('../commands/service.ts')).services(context),
    ).alias('s');

    define(
      'service <name>',
      'Show a service instance: address, credentials, figures',
      async (context, [name]) => (await import('../commands/service.ts')).service(context, name!),
    );
  },
};
