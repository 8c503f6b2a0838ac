// Lets a child process run the sources as they are: packages of the workspace and .js names lead to .ts files.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const LIBS = new URL('../../../', import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    const [, name] = /^@tessera\/([\w-]+)$/.exec(specifier) ?? [];
    if (name !== undefined) return next(new URL(`${name}/src/index.ts`, LIBS).href, context);
    if (specifier.startsWith('.') && specifier.endsWith('.js')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return next(source.href, context);
    }
    return next(specifier, context);
  },
});
