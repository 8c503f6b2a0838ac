import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { OPENAPI } from '../src/http/openapi.js';
import { HTTP_CONTROLLERS } from '../src/segments.module.js';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

/** `POST /api/v1/definitions:plan`, from what the decorators left behind. */
function declaredRoutes(): readonly string[] {
  return HTTP_CONTROLLERS.flatMap((controller) => {
    const prefix = Reflect.getMetadata('path', controller) as string;
    const handlers = Object.getOwnPropertyNames(controller.prototype).map(
      (name) => (controller.prototype as unknown as Record<string, object>)[name] as object,
    );
    return handlers
      .filter((handler) => Reflect.hasMetadata('method', handler))
      .map((handler) => {
        const path = `/${prefix}/${Reflect.getMetadata('path', handler) as string}`;
        return `${RequestMethod[Reflect.getMetadata('method', handler) as number]} ${path
          .replaceAll('::', '\n')
          .replace(/:(\w+)/g, '{$1}')
          .replaceAll('\n', ':')}`;
      });
  });
}

describe('the description of the admin API', () => {
  const described = Object.entries(OPENAPI.paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, Operation>).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

  test('has every route, and no other', () => {
    expect(described.map(({ route }) => route).sort()).toEqual([...declaredRoutes()].sort());
  });

  test('names every part of a path', () => {
    for (const { path, operation } of described) {
      const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect((operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(places);
    }
  });

  test('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(OPENAPI).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(Object.keys(OPENAPI.components.schemas)).toEqual(expect.arrayContaining(references));
  });
});
