/** How a Ruby app is started when nobody says. Only reads. */
import { shellQuote } from '../../kernel/shell-quote.ts';
import type { AppSource, DetectedCommand } from '../types.ts';

export const LOOKED_FOR = ['config/environment.rb of Rails', 'config.ru', 'a script with Sinatra'] as const;

export function rubyStart(source: AppSource): DetectedCommand | undefined {
  const gemfile = `${source.readText('Gemfile') ?? ''}\n${source.readText('Gemfile.lock') ?? ''}`;
  const exec = source.hasFile('Gemfile') ? 'bundle exec ' : '';
  const has = (gem: string): boolean => new RegExp(`(^|[\\s"'])${gem}(?![\\w-])`, 'm').test(gemfile);
  if (source.hasFile('config/environment.rb')) {
    return { command: `${exec}rails server -b 127.0.0.1 -p $PORT`, from: 'config/environment.rb' };
  }
  if (source.hasFile('config.ru')) {
    const command = has('puma') ? 'puma -b tcp://127.0.0.1:$PORT' : 'rackup -o 127.0.0.1 -p $PORT config.ru';
    return { command: exec + command, from: 'config.ru' };
  }
  const script = sinatraFile(source);
  return script === undefined
    ? undefined
    : { command: `${exec}ruby ${shellQuote(script)} -o 127.0.0.1 -p $PORT`, from: script };
}

/** A script at the top that requires Sinatra. */
export const sinatraFile = (source: AppSource): string | undefined =>
  source
    .list()
    .find(
      (name) => name.endsWith('.rb') && /^\s*require\s*\(?\s*['"]sinatra/m.test(source.readText(name) ?? ''),
    );
